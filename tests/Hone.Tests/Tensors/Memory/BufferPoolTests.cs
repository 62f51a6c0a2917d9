using Hone.Tensors;
using Hone.Tensors.Memory;

namespace Hone.Tests.Tensors.Memory;

public sealed class BufferPoolTests
{
    [Fact]
    public void StepsOfOneSize_AllocateOnce()
    {
        using BufferPool pool = new();
        long after = 0;
        for (int step = 0; step < 5; step++)
        {
            using Tape tape = new(memory: pool);
            for (int i = 0; i < 4; i++) _ = tape.New((1000, 100 + i));
            if (step == 0) after = pool.AllocatedBytes;
            Assert.Equal(after, pool.AllocatedBytes);
        }
        Assert.Equal(0, pool.RentedBytes);
    }

    [Fact]
    public void StepsOfManySizes_KeepNoMoreThanTheyUse()
    {
        using BufferPool pool = new();
        for (int step = 0; step < 200; step++)
        {
            using Tape tape = new(memory: pool);
            for (int i = 0; i < 10; i++) _ = tape.New((1 + step * 97 % 200, 20_000)); // up to 160 MB at once
        }
        Assert.InRange(pool.AllocatedBytes, 1, 2 * pool.PeakBytes);
    }

    [Fact]
    public void SmallBuffersDoNotTakeLargeOnes()
    {
        using BufferPool pool = new();
        using Tape tape = new(memory: pool);
        _ = tape.New(1_000_000);
        tape.Reset();
        _ = tape.New(1000);
        Assert.True(pool.RentedBytes < 10_000);
    }
}

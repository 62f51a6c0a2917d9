using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Ops;

public sealed class DropoutTests
{
    [Fact]
    public void The_same_numbers_drop_forth_and_back_whatever_the_threads()
    {
        const int count = 50_001;
        float[] first = [];
        foreach (int threads in new[] { 1, 2, 3 })
        {
            using WorkerPool workers = new(threads);
            using Tape tape = new(workers);
            Tensor x = Tensor.Create(count, true);
            x.Data.Fill(2);
            RandomStream random = new(5, "dropout");
            Tensor y = tape.Dropout(x, 0.25f, random);
            Assert.Equal((ulong)count, random.Position);
            float[] values = y.Data.ToArray();
            tape.Backward(tape.Sum(y));
            for (int i = 0; i < count; i++) Assert.Equal(values[i], 2 * x.Grad[i]);
            Assert.InRange(values.Count(value => value == 0) / (double)count, 0.24, 0.26);
            Assert.InRange(values.Average(), 1.97, 2.03);
            if (first.Length == 0) first = values;
            Assert.Equal(first, values);
        }
    }

    [Fact]
    public void Probability_zero_is_the_identity_and_one_is_refused()
    {
        using Tape tape = new();
        RandomStream random = new(5, "dropout");
        Tensor x = Tensor.Create(3);
        Assert.Same(x, tape.Dropout(x, 0, random));
        Assert.Equal(0UL, random.Position);
        Assert.Throws<ArgumentOutOfRangeException>(() => tape.Dropout(x, 1, random));
    }
}

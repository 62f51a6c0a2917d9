using System.Numerics;

namespace Hone.Tensors.Memory;

/// <summary>
/// Keeps returned buffers for the next step, so that a training step in its steady state asks the operating system for
/// nothing. Sizes are rounded up to an eighth of a power of two (at most 12.5 % waste). Not thread-safe: only the thread
/// that drives a tape rents and returns.
/// </summary>
public sealed class BufferPool : IDisposable
{
    // Unused memory that is kept in any case; beyond it, at most half of what was ever in use at once.
    private const long MostIdleBytes = 64 << 20;

    private readonly Dictionary<int, Stack<NativeBuffer>> free = [];

    /// <summary>Bytes handed out now.</summary>
    public long RentedBytes { get; private set; }

    /// <summary>Largest value <see cref="RentedBytes"/> has had.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Bytes allocated from the operating system and not given back, in use or not.</summary>
    public long AllocatedBytes { get; private set; }

    internal NativeBuffer Rent(int count)
    {
        NativeBuffer buffer = TakeFree(SizeClass(count)) ?? Allocate(SizeClass(count));
        RentedBytes += buffer.Bytes;
        PeakBytes = Math.Max(PeakBytes, RentedBytes);
        return buffer;
    }

    /// <summary>A free buffer of this size or up to twice as large: steps of ever new sizes would otherwise keep memory for each.</summary>
    private NativeBuffer? TakeFree(int capacity)
    {
        int largest = (int)Math.Min(2L * capacity, 1 << 30);
        for (int size = capacity; size <= Math.Max(capacity, largest); size = SizeClass(size + 1))
        {
            if (free.TryGetValue(size, out Stack<NativeBuffer>? stack) && stack.TryPop(out NativeBuffer? buffer)) return buffer;
            if (size >= largest) break;
        }
        return null;
    }

    private NativeBuffer Allocate(int capacity)
    {
        long idle = AllocatedBytes - RentedBytes;
        if (idle > MostIdleBytes && idle > PeakBytes / 2) Trim();
        NativeBuffer buffer = new(capacity);
        AllocatedBytes += buffer.Bytes;
        return buffer;
    }

    internal void Return(NativeBuffer buffer)
    {
        RentedBytes -= buffer.Bytes;
        if (!free.TryGetValue(buffer.Capacity, out Stack<NativeBuffer>? stack)) free[buffer.Capacity] = stack = new();
        stack.Push(buffer);
    }

    /// <summary>Gives the unused buffers back to the operating system.</summary>
    public void Trim()
    {
        foreach (Stack<NativeBuffer> stack in free.Values)
            while (stack.TryPop(out NativeBuffer? buffer))
            {
                AllocatedBytes -= buffer.Bytes;
                buffer.Dispose();
            }
    }

    public void Dispose() => Trim();

    internal static int SizeClass(int count)
    {
        if (count <= 256) return 256;
        int step = 1 << Math.Max(0, BitOperations.Log2((uint)(count - 1)) - 3);
        long rounded = ((long)count + step - 1) / step * step;
        return (int)Math.Min(rounded, int.MaxValue & ~15);
    }
}

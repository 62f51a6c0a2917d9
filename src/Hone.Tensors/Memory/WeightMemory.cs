namespace Hone.Tensors.Memory;

/// <summary>
/// Memory for frozen weights. Matrices of a model are cut from common blocks of 64 MiB, so that those of less than a 2 MiB page
/// lie on large pages too. A block is freed when the last matrix in it is disposed or collected. Thread-safe.
/// </summary>
internal sealed unsafe class WeightMemory : IDisposable
{
    private const long BlockBytes = 64L << 20, Alignment = 64;

    private static readonly Lock Gate = new();
    private static Block? current;
    private Block? block;

    private WeightMemory(Block block, byte* pointer, long bytes)
    {
        (this.block, Bytes) = (block, bytes);
        Pointer = pointer;
    }

    ~WeightMemory() => block?.Release();

    /// <summary>Start, aligned to a cache line.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>Bytes.</summary>
    public long Bytes { get; }

    /// <summary>Uninitialised memory.</summary>
    public static WeightMemory Rent(long bytes)
    {
        long rounded = (bytes + Alignment - 1) / Alignment * Alignment;
        lock (Gate)
        {
            if (rounded > BlockBytes / 4) return new Block(rounded).Cut(bytes, rounded);
            if (current is null || current.Left < rounded)
            {
                current?.Release();
                current = new Block(BlockBytes);
                current.Hold();
            }
            return current.Cut(bytes, rounded);
        }
    }

    public void Dispose()
    {
        Interlocked.Exchange(ref block, null)?.Release();
        Pointer = null;
        GC.SuppressFinalize(this);
    }

    /// <summary>Memory with a count of those who use it; the newest block is also held by the class itself.</summary>
    private sealed class Block(long bytes)
    {
        private readonly byte* start = (byte*)AlignedMemory.Allocate((nuint)bytes);
        private long used;
        private int holders;

        public long Left => bytes - used;

        public void Hold() => Interlocked.Increment(ref holders);

        public WeightMemory Cut(long size, long rounded)
        {
            Hold();
            byte* pointer = start + used;
            used += rounded;
            return new WeightMemory(this, pointer, size);
        }

        public void Release()
        {
            if (Interlocked.Decrement(ref holders) == 0) AlignedMemory.Free(start, (nuint)bytes);
        }
    }
}

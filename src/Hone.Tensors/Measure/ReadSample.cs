using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Measure;

/// <summary>Memory that every worker reads its part of, in order.</summary>
internal sealed unsafe class ReadSample : IDisposable
{
    private const int Grain = 4096;

    private readonly byte* memory;
    private readonly int grains;
    private int next;

    public ReadSample(long bytes)
    {
        grains = (int)(bytes / Grain);
        memory = (byte*)AlignedMemory.Allocate((nuint)Bytes);
        for (long i = 0; i < Bytes; i += Grain) new Span<byte>(memory + i, Grain).Fill(1);
    }

    /// <summary>All memory.</summary>
    public long Bytes => (long)grains * Grain;

    /// <summary>Bytes read by one <see cref="Run"/>: short enough to fall between disturbances.</summary>
    public long BytesPerRun => (long)Math.Min(grains, 2048) * Grain;

    /// <summary>Reads the next part.</summary>
    public void Run(WorkerPool workers)
    {
        int count = (int)(BytesPerRun / Grain);
        if (next + count > grains) next = 0;
        Job job = new(memory + (long)next * Grain);
        workers.For(count, 1, ref job);
        next += count;
    }

    private readonly struct Job(byte* memory) : IRangeJob
    {
        public void Run(int worker, int start, int end) => Read(memory + (long)start * Grain, memory + (long)end * Grain);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ulong Read(byte* from, byte* end)
    {
        Vector512<ulong> a = default, b = default, c = default, d = default;
        for (; from < end; from += 256)
        {
            a ^= Vector512.Load((ulong*)from);
            b ^= Vector512.Load((ulong*)(from + 64));
            c ^= Vector512.Load((ulong*)(from + 128));
            d ^= Vector512.Load((ulong*)(from + 192));
        }
        return Vector512.Sum(a ^ b ^ c ^ d);
    }

    public void Dispose() => AlignedMemory.Free(memory, (nuint)Bytes);
}

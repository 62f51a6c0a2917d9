using System.Runtime.Intrinsics.X86;

namespace Hone.Tensors.Threads;

/// <summary>
/// What a thread will read next, as far as is known: it fetches it into its cache while it waits for others. Products of few rows
/// wait for memory, which then does not stand still.
/// </summary>
internal sealed unsafe class ReadAhead
{
    private const int StepBytes = 512;

    private byte* next, end;

    /// <summary>Replaces what is to be read.</summary>
    public void Set(byte* start, long bytes)
    {
        next = start;
        end = start + bytes;
    }

    /// <summary>Asks for a few cache lines; false when all were asked for.</summary>
    public bool Fetch()
    {
        if (next >= end || !Sse.IsSupported) return false;
        for (int i = 0; i < StepBytes; i += 64) Sse.Prefetch1(next + i);
        next += StepBytes;
        return true;
    }
}

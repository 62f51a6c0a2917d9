using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Hone.Tensors.Threads;

/// <summary>
/// How one worker waits for work: it looks for a short while, then sleeps. Every <see cref="Ring"/> ends exactly one
/// <see cref="Wait"/>; one thread rings, one waits.
/// </summary>
internal sealed class Doorbell : IDisposable
{
    private readonly ManualResetEventSlim sleep = new(false, 0);
    private PaddedInt rings, asleep;
    private int seen;

    /// <summary>Wakes the worker.</summary>
    public void Ring()
    {
        Interlocked.Increment(ref rings.Value);
        if (Volatile.Read(ref asleep.Value) != 0) sleep.Set();
    }

    /// <summary>Returns after the next ring.</summary>
    /// <param name="ahead">Memory to fetch into the cache while nothing rings; null for none.</param>
    public void Wait(ReadAhead? ahead = null)
    {
        SpinThenYield wait = default;
        while (Volatile.Read(ref rings.Value) == seen)
        {
            if (ahead is not null && ahead.Fetch()) continue;
            if (wait.Once()) continue;
            // Announce the sleep before looking once more: either that look sees the ring, or the ring sees the announcement.
            sleep.Reset();
            Interlocked.Exchange(ref asleep.Value, 1);
            if (Volatile.Read(ref rings.Value) == seen) sleep.Wait();
            Volatile.Write(ref asleep.Value, 0);
        }
        seen++;
    }

    public void Dispose() => sleep.Dispose();
}

/// <summary>A number alone on its cache lines, so that threads watching it are not disturbed by its neighbours.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PaddedInt
{
    [FieldOffset(128)]
    public int Value;
}

/// <summary>
/// Waiting for something that is about to happen: first by looking again and again, then by offering the processor to others
/// before each look. Handing a job to a thread that still looks costs a microsecond or less; to a sleeping one, 10 to 50.
/// </summary>
internal struct SpinThenYield
{
    private const double SpinMicroseconds = 5, TotalMicroseconds = 100;

    private static readonly long SpinTicks = (long)(SpinMicroseconds * 1e-6 * Stopwatch.Frequency);
    private static readonly long TotalTicks = (long)(TotalMicroseconds * 1e-6 * Stopwatch.Frequency);

    private long start;
    private int looks;

    /// <summary>Lets a little time pass; false when it has been long enough to sleep.</summary>
    public bool Once()
    {
        // The clock is read now and then only; with one processor, looking without yielding would keep the other side from running.
        if (++looks < 64 && Environment.ProcessorCount > 1)
        {
            Thread.SpinWait(2);
            return true;
        }
        long now = Stopwatch.GetTimestamp();
        if (start == 0) start = now;
        if (now - start > SpinTicks || Environment.ProcessorCount == 1) Thread.Yield();
        else Thread.SpinWait(4);
        return now - start < TotalTicks;
    }
}

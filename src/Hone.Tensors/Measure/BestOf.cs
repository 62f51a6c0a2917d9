using System.Diagnostics;

namespace Hone.Tensors.Measure;

/// <summary>
/// Times short pieces of work on machines that others use too: many short samples, of which the best counts, because a
/// disturbance only ever makes a sample slower. Two pieces are compared by sampling them in turn.
/// </summary>
public static class BestOf
{
    /// <summary>Shortest time of one call, in seconds.</summary>
    /// <param name="work">The work.</param>
    /// <param name="seconds">How long to measure altogether.</param>
    public static double Seconds(Action work, double seconds = 0.5) => Alternating([work], seconds)[0];

    /// <summary>Shortest time of one call of each piece of work, in seconds, sampled in turn.</summary>
    /// <param name="works">Pieces of work.</param>
    /// <param name="seconds">How long to measure altogether.</param>
    public static double[] Alternating(ReadOnlySpan<Action> works, double seconds)
    {
        double[] best = new double[works.Length];
        int[] calls = new int[works.Length];
        for (int i = 0; i < works.Length; i++)
        {
            works[i](); // first call: JIT and scratch memory
            calls[i] = CallsPerSample(works[i]);
            best[i] = double.PositiveInfinity;
        }
        long start = Stopwatch.GetTimestamp();
        do
        {
            for (int i = 0; i < works.Length; i++) best[i] = Math.Min(best[i], Sample(works[i], calls[i]));
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds);
        return best;
    }

    /// <summary>As many calls as take about a millisecond: long against the clock's resolution, short against disturbances.</summary>
    private static int CallsPerSample(Action work)
    {
        double once = Math.Min(Sample(work, 1), Sample(work, 1));
        return (int)Math.Clamp(1e-3 / Math.Max(once, 1e-9), 1, 100_000);
    }

    private static double Sample(Action work, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++) work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }
}

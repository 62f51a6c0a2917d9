using System.Diagnostics;

namespace Hone.Cli.Bench;

/// <summary>Times of a piece of work that takes long enough to be timed alone.</summary>
/// <param name="Best">Shortest, in seconds.</param>
/// <param name="Median">Middle one, in seconds.</param>
/// <param name="Count">Number of samples.</param>
internal sealed record BenchTimes(double Best, double Median, int Count);

/// <summary>
/// Repeats work until its time is up. The first runs, while code is still compiled in stages beside them, do not count. With one thread, processor time is counted, which
/// passes only while the program runs: other programs then disturb less.
/// </summary>
internal static class BenchTimer
{
    private const double WarmSeconds = 1.5;

    /// <summary>Times whole runs.</summary>
    public static BenchTimes Run(CommandRun run, double seconds, Action work) => Run(run, seconds, () =>
    {
        double start = Now(run);
        work();
        return Now(run) - start;
    });

    /// <summary>Seconds on the clock that counts.</summary>
    public static double Now(CommandRun run) => run.Threads == 1
        ? Environment.CpuUsage.TotalTime.TotalSeconds
        : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    /// <summary>For work that times its own part of interest.</summary>
    /// <param name="run">Progress and cancellation.</param>
    /// <param name="seconds">How long to go on.</param>
    /// <param name="work">Does it once and returns the seconds that count.</param>
    public static BenchTimes Run(CommandRun run, double seconds, Func<double> work)
    {
        using IProgressTask progress = run.Reporter.Start("measuring", 0, "samples");
        long start = Stopwatch.GetTimestamp();
        do work();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < Math.Min(seconds, WarmSeconds));
        List<double> samples = [];
        start = Stopwatch.GetTimestamp();
        do
        {
            run.Cancellation.ThrowIfCancellationRequested();
            samples.Add(work());
            progress.Advance(1);
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds);
        samples.Sort();
        return new(samples[0], samples[samples.Count / 2], samples.Count);
    }
}

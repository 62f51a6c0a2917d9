using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Cli.Output;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;

[assembly: Hone.Cli.CliGroup("bench", "Measure speeds, each with its share of what this machine can do.")]

namespace Hone.Cli.Bench;

/// <summary>What all benchmarks share: how long to measure, how to print.</summary>
internal abstract class BenchCommand : CliCommand
{
    /// <summary>Seconds a peak is measured, before and after the work.</summary>
    private const double PeakSeconds = 0.25;

    private readonly Option<double> seconds = CliOptions.Number("--seconds", "How long to measure.", 3.0, 0.001, 3600);

    public sealed override IEnumerable<Symbol> Symbols => [.. Own, seconds];

    public sealed override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Threads;

    public override string Details =>
        """
        The value is that of the fastest sample, because other programs only ever make one slower; median stands beside it.
        share_of_peak divides it by what the machine can do at most with as many threads, measured in the same run.
        With --threads 1 processor time is counted instead of time passed.
        """;

    /// <summary>The benchmark's own options.</summary>
    protected virtual IEnumerable<Symbol> Own => [];

    public sealed override Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        BenchResult result = Measure(run, workers, run.Get(seconds));
        if (run.IsJson) run.WriteJson(result.ToJson(run.Threads));
        else Print(run.Output, result, run.Threads);
        return Task.FromResult(CliApp.Done);
    }

    /// <summary>Does the work.</summary>
    protected abstract BenchResult Measure(CommandRun run, WorkerPool workers, double seconds);

    /// <summary>The best of a peak measured on both sides of some work, in units (not giga) a second.</summary>
    protected static (double PerSecond, BenchTimes Times) WithPeak(Func<double, Measurement> peak, Func<BenchTimes> work)
    {
        double before = peak(PeakSeconds).Value;
        BenchTimes times = work();
        return (1e9 * Math.Max(before, peak(PeakSeconds).Value), times);
    }

    private static void Print(TextWriter output, BenchResult result, int threads)
    {
        string share = result.ShareOfPeak is { } part && result.Peak is not null ? $", {part:P0} of the {result.Peak} peak" : "";
        string median = result.Median is { } middle ? $", median {middle:#,0.0} over {result.Samples}" : "";
        output.WriteLine($"{result.Name}: {result.Value:#,0.0} {result.Unit}{share}{median}, {threads} {(threads == 1 ? "thread" : "threads")}");
        foreach ((string key, JsonNode? value) in result.More) output.WriteLine($"  {key.Replace('_', ' ')}: {value}");
        output.WriteLine($"  memory: {ModelInfoText.Bytes(Measurement.Now("", 0, "", 0, threads).PeakMemoryBytes)} at most");
    }
}

using System.Text.Json.Nodes;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;

namespace Hone.Cli.Bench;

[CliCommand("bench peaks", "What this machine can do at most: fp32, int8 and reading memory.")]
internal sealed class BenchPeaksCommand : BenchCommand
{
    public override string Details => "Measured with loops that do nothing else. The value is fp32 multiply-add; int8 dot products and read bandwidth stand beside it.";

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench peaks", "all three, with all processors"),
        new("bench peaks --threads 1 --json", "of one core, as JSON"),
    ];

    protected override BenchResult Measure(CommandRun run, WorkerPool workers, double seconds)
    {
        Measurement fma = Peaks.Fma(workers, seconds / 3), int8 = Peaks.Int8(workers, seconds / 3), read = Peaks.Read(workers, seconds / 3);
        return new("fp32 multiply-add", fma.Value, fma.Unit, 1)
        {
            More = new JsonObject { ["fp32_gflops"] = fma.Value, ["int8_gops"] = int8.Value, ["read_gbs"] = read.Value },
        };
    }
}

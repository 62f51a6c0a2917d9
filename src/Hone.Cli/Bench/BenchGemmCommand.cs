using System.CommandLine;
using Hone.Cli.Options;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;

namespace Hone.Cli.Bench;

[CliCommand("bench gemm", "A product of two fp32 matrices.")]
internal sealed class BenchGemmCommand : BenchCommand
{
    private readonly Option<string?> shape = CliOptions.Text("--shape", "m, n and k: the result is m x n, sums have k terms [default: m=1024,n=1024,k=1024].", "SIZES");
    private readonly Option<bool> transposeA = CliOptions.Flag("--transpose-a", "The first matrix is stored [k, m].");
    private readonly Option<bool> transposeB = CliOptions.Flag("--transpose-b", "The second matrix is stored [n, k], as weights of linear layers are.");

    protected override IEnumerable<Symbol> Own => [shape, transposeA, transposeB];

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench gemm --threads 1", "1024 x 1024 x 1024 on one core"),
        new("bench gemm --shape m=4096,n=512,k=128 --transpose-b --json", "a shape that training is made of"),
    ];

    protected override BenchResult Measure(CommandRun run, WorkerPool workers, double seconds)
    {
        Dictionary<string, int> sizes = BenchShape.Parse(run.Get(shape) ?? "", new Dictionary<string, int> { ["m"] = 1024, ["n"] = 1024, ["k"] = 1024 });
        Measurement found = GemmBench.Run(workers, new GemmShape(sizes["m"], sizes["n"], sizes["k"], run.Get(transposeA), run.Get(transposeB)), seconds);
        return new(found.Name, found.Value, found.Unit, found.ShareOfPeak) { Peak = "fp32" };
    }
}

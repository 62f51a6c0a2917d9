using Hone.Tensors.Measure;
using Hone.Tensors.Threads;

string what = args.Length > 0 ? args[0] : "peaks";
foreach (int threads in args.Length > 1 ? [int.Parse(args[1])] : new[] { 1, Environment.ProcessorCount })
{
    using WorkerPool workers = new(threads);
    switch (what)
    {
        case "peaks":
            Show(Peaks.Fma(workers));
            break;
        case "gemm":
            foreach (GemmShape shape in GemmShape.Typical) Show(GemmBench.Run(workers, shape, 0.3));
            break;
        default:
            Console.Error.WriteLine($"'{what}' is not a benchmark. Known: peaks, gemm.");
            return 2;
    }
}
return 0;

static void Show(Measurement m) =>
    Console.WriteLine($"{m.Name,-32} {m.Value,9:F1} {m.Unit,-8} {m.ShareOfPeak,7:P1} of peak, {m.Threads} thread(s)");

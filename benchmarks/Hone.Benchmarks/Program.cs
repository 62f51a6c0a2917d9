using Hone.Tensors;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;
using Hone.Training.Measure;

string what = args.Length > 0 ? args[0] : "peaks";
foreach (int threads in args.Length > 1 ? [int.Parse(args[1])] : new[] { 1, Environment.ProcessorCount })
{
    using WorkerPool workers = new(threads);
    switch (what)
    {
        case "peaks":
            Show(Peaks.Fma(workers));
            Show(Peaks.Int8(workers));
            Show(Peaks.Read(workers));
            Show(PoolBench.HandOver(workers));
            break;
        case "quant":
            foreach (QuantType type in new[] { QuantType.Q8_0, QuantType.Q4_0, QuantType.Q4_1, QuantType.Q4_K })
            {
                int width = type == QuantType.Q4_K ? 768 : 576;
                foreach (int rows in new[] { 1, 2, 4, 8, 32, 128, 512 }) Show(QuantBench.Compute(workers, type, 1536, width, rows, 0.3));
                foreach (int rows in new[] { 1, 2, 4, 8, 32 }) Show(QuantBench.Stream(workers, type, 1536, width, rows, 0.6));
                Show(QuantBench.Stream(workers, type, 49152, width, 1, 0.6));
            }
            break;
        case "gemm":
            foreach (GemmShape shape in GemmShape.Typical) Show(GemmBench.Run(workers, shape, 0.3));
            break;
        case "train":
            Show(TrainBench.Run(workers, TrainShape.Small));
            Show(TrainBench.Run(workers, TrainShape.Mid));
            break;
        default:
            Console.Error.WriteLine($"'{what}' is not a benchmark. Known: peaks, gemm, quant, train.");
            return 2;
    }
}
return 0;

static void Show(Measurement m) =>
    Console.WriteLine($"{m.Name,-32} {m.Value,9:F2} {m.Unit,-8} {m.ShareOfPeak,7:P1} of peak, {m.Threads} thread(s)");

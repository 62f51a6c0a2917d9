using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hone.Tensors.Kernels.Simd;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Measure;

/// <summary>What the machine can do at most, measured with loops that do nothing else.</summary>
public static unsafe class Peaks
{
    private const int FmaSteps = 4096, FmaRows = 12, Int8Steps = 4096;

    /// <summary>fp32 multiply-add, in GFLOP/s (a multiply-add counts as two).</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="seconds">How long to measure.</param>
    public static Measurement Fma(WorkerPool workers, double seconds = 0.5)
    {
        double best = BestOf.Seconds(() => FmaSample(workers), seconds);
        return Measurement.Now("peak fp32 fma", FmaSampleOperations(workers) / best * 1e-9, "GFLOP/s", 1, workers.Threads);
    }

    /// <summary>Operations of one <see cref="FmaSample"/>.</summary>
    public static double FmaSampleOperations(WorkerPool workers) => 2.0 * FmaSteps * FmaRows * FmaWidth * workers.Threads;

    /// <summary>A fixed amount of multiply-adds on every worker.</summary>
    public static void FmaSample(WorkerPool workers)
    {
        FmaJob job = default;
        workers.For(workers.Threads, 1, ref job);
    }

    private static int FmaWidth =>
        Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : Vector128.IsHardwareAccelerated ? 4 : 1;

    private readonly struct FmaJob : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i++)
            {
                if (Vector512.IsHardwareAccelerated) FmaLoop.Run<Simd512, Vector512<float>>(FmaSteps);
                else if (Vector256.IsHardwareAccelerated) FmaLoop.Run<Simd256, Vector256<float>>(FmaSteps);
                else if (Vector128.IsHardwareAccelerated) FmaLoop.Run<Simd128, Vector128<float>>(FmaSteps);
                else FmaLoop.Run<SimdScalar, float>(FmaSteps);
            }
        }
    }

    /// <summary>Dot products of bytes, in GOP/s (a multiplication and an addition count as two).</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="seconds">How long to measure.</param>
    public static Measurement Int8(WorkerPool workers, double seconds = 0.5)
    {
        double best = BestOf.Seconds(() => Int8Sample(workers), seconds);
        return Measurement.Now("peak int8 dot", Int8SampleOperations(workers) / best * 1e-9, "GOP/s", 1, workers.Threads);
    }

    /// <summary>Operations of one <see cref="Int8Sample"/>.</summary>
    public static double Int8SampleOperations(WorkerPool workers) => (double)Int8Steps * ByteDotLoop.OperationsPerStep * workers.Threads;

    /// <summary>A fixed amount of dot products on every worker.</summary>
    public static void Int8Sample(WorkerPool workers)
    {
        Int8Job job = default;
        workers.For(workers.Threads, 1, ref job);
    }

    private readonly struct Int8Job : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i++) ByteDotLoop.Run(Int8Steps);
        }
    }

    /// <summary>Reading memory in order, every worker its own part, in GB/s.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="seconds">How long to measure.</param>
    /// <param name="bytes">Memory read; should be several times the last-level cache.</param>
    public static Measurement Read(WorkerPool workers, double seconds = 1, long bytes = 256L << 20)
    {
        using ReadSample sample = new(bytes);
        double best = BestOf.Seconds(() => sample.Run(workers), seconds);
        return Measurement.Now("peak memory read", sample.BytesPerRun / best * 1e-9, "GB/s", 1, workers.Threads);
    }
}

using Hone.Tensors.Kernels;
using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Measure;

/// <summary>A matrix product to measure.</summary>
/// <param name="M">Rows of the result.</param>
/// <param name="N">Columns of the result.</param>
/// <param name="K">Length of the sums.</param>
/// <param name="TransposeA">A is stored [k, m].</param>
/// <param name="TransposeB">B is stored [n, k].</param>
public sealed record GemmShape(int M, int N, int K, bool TransposeA = false, bool TransposeB = false)
{
    /// <summary>Multiplications and additions.</summary>
    public double Operations => 2.0 * M * N * K;

    public override string ToString() => $"{(TransposeA ? 't' : 'n')}{(TransposeB ? 't' : 'n')} {M}x{N}x{K}";

    /// <summary>1024³ and the shapes that training small models is made of: forward, input gradient, weight gradient.</summary>
    public static IReadOnlyList<GemmShape> Typical { get; } =
    [
        new(1024, 1024, 1024), new(1024, 1024, 1024, false, true),
        new(4096, 128, 128, false, true), new(4096, 512, 128, false, true), new(4096, 128, 512, false, true),
        new(4096, 128, 512), new(4096, 512, 128), new(128, 128, 4096, true), new(512, 128, 4096, true), new(128, 512, 4096, true),
        new(2048, 288, 288, false, true), new(2048, 768, 288, false, true), new(2048, 288, 768, false, true), new(2048, 4096, 288, false, true),
        new(4096, 288, 2048, true), new(60, 576, 576, false, true), new(480, 1536, 576, false, true), new(480, 576, 8, false, true),
        new(480, 8, 576, false, true), new(576, 8, 480, true), new(480, 8, 576), new(8, 576, 480, true),
        new(256, 64, 256), new(256, 256, 64, false, true),
        new(1, 4096, 4096, false, true), new(4, 4096, 1024, false, true), new(8, 4096, 1024, false, true), new(12, 4096, 1024, false, true), new(16, 4096, 1024, false, true), new(24, 4096, 1024, false, true),new(8, 576, 576, false, true), new(12, 576, 576, false, true), new(16, 576, 576, false, true), new(24, 576, 576, false, true),
    ];
}

/// <summary>Measures <see cref="Gemm"/> against the machine's fp32 peak, sampled in turn.</summary>
public static unsafe class GemmBench
{
    /// <summary>Speed of one shape in GFLOP/s, with its share of the peak for the same number of threads.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="shape">The product.</param>
    /// <param name="seconds">How long to measure.</param>
    public static Measurement Run(WorkerPool workers, GemmShape shape, double seconds = 1)
    {
        using NativeBuffer a = Numbers(shape.M * shape.K), b = Numbers(shape.K * shape.N), c = Numbers(shape.M * shape.N);
        double[] best = BestOf.Alternating(
            [() => Multiply(workers, shape, a.Pointer, b.Pointer, c.Pointer), () => Peaks.FmaSample(workers)], seconds);
        double speed = shape.Operations / best[0], peak = Peaks.FmaSampleOperations(workers) / best[1];
        return Measurement.Now($"gemm {shape}", speed * 1e-9, "GFLOP/s", speed / peak, workers.Threads);
    }

    private static void Multiply(WorkerPool workers, GemmShape shape, float* a, float* b, float* c) => Gemm.Run(
        workers, shape.TransposeA, shape.TransposeB, shape.M, shape.N, shape.K, a, shape.TransposeA ? shape.M : shape.K,
        b, shape.TransposeB ? shape.K : shape.N, c, shape.N, false);

    private static NativeBuffer Numbers(int count)
    {
        NativeBuffer numbers = new(count);
        for (int i = 0; i < count; i++) numbers.Pointer[i] = (i * 37L % 101 - 50) * 0.01f;
        return numbers;
    }
}

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using Hone.Tensors.Kernels.Matrix;
using Hone.Tensors.Kernels.Simd;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Kernels;

/// <summary>
/// Matrix products of fp32 numbers. The sum of one element always runs over k in the same order, whatever the number of
/// threads, so results are bit-identical for any <see cref="WorkerPool"/>; they differ in the last bits between vector widths.
/// </summary>
public static unsafe class Gemm
{
    /// <summary>C = op(A) · op(B), or C += op(A) · op(B), all row-major.</summary>
    /// <param name="workers">Threads; C is split between them.</param>
    /// <param name="transposeA">False: A is stored [m, k]; true: [k, m].</param>
    /// <param name="transposeB">False: B is stored [k, n]; true: [n, k].</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Length of the sums.</param>
    /// <param name="a">First factor.</param>
    /// <param name="lda">Distance between A's stored rows.</param>
    /// <param name="b">Second factor.</param>
    /// <param name="ldb">Distance between B's stored rows.</param>
    /// <param name="c">[m, n] result; must not overlap the factors.</param>
    /// <param name="ldc">Distance between C's rows.</param>
    /// <param name="accumulate">Adds to C instead of overwriting it.</param>
    public static void Run(
        WorkerPool workers, bool transposeA, bool transposeB, int m, int n, int k,
        float* a, int lda, float* b, int ldb, float* c, int ldc, bool accumulate) =>
        Run(workers, transposeA, transposeB, m, n, k, a, lda, b, ldb, c, ldc, accumulate, null, null, 0);

    /// <summary>Like the other overload, then adds <paramref name="bias"/> to every row and <paramref name="residual"/> to C.</summary>
    /// <param name="bias">[n], or null.</param>
    /// <param name="residual">[m, n], or null.</param>
    /// <param name="ldr">Distance between the residual's rows.</param>
    public static void Run(
        WorkerPool workers, bool transposeA, bool transposeB, int m, int n, int k,
        float* a, int lda, float* b, int ldb, float* c, int ldc, bool accumulate, float* bias, float* residual, int ldr) =>
        Run(workers, new Product
        {
            M = m,
            N = n,
            K = k,
            A = new MatrixView(a, lda, transposeA),
            B = new MatrixView(b, ldb, transposeB),
            C = c,
            Ldc = ldc,
            Accumulate = accumulate,
            Bias = bias,
            Residual = residual,
            ResidualLd = ldr,
        });

    /// <summary>The first overload on the calling thread alone, for use inside a job that already runs on every worker.</summary>
    public static void RunSerial(
        bool transposeA, bool transposeB, int m, int n, int k,
        float* a, int lda, float* b, int ldb, float* c, int ldc, bool accumulate) =>
        RunSerial(transposeA, transposeB, m, n, k, a, lda, b, ldb, c, ldc, accumulate, default);

    /// <summary>Like the other overload, without the work that nobody needs.</summary>
    internal static void RunSerial(
        bool transposeA, bool transposeB, int m, int n, int k,
        float* a, int lda, float* b, int ldb, float* c, int ldc, bool accumulate, Triangle triangle) =>
        Run(null, new Product
        {
            M = m,
            N = n,
            K = k,
            A = new MatrixView(a, lda, transposeA),
            B = new MatrixView(b, ldb, transposeB),
            C = c,
            Ldc = ldc,
            Accumulate = accumulate,
            Triangle = triangle,
        });

    private static void Run(WorkerPool? workers, in Product product)
    {
        if (Vector512.IsHardwareAccelerated)
            GemmPlan<Simd512, Vector512<float>, Tile12<Simd512, Vector512<float>>, Tile8<Simd512, Vector512<float>>, Tile4<Simd512, Vector512<float>>>.Run(workers, product);
        else if (Vector256.IsHardwareAccelerated)
            GemmPlan<Simd256, Vector256<float>, Tile6<Simd256, Vector256<float>>, Tile4<Simd256, Vector256<float>>, Tile2<Simd256, Vector256<float>>>.Run(workers, product);
        else if (AdvSimd.IsSupported)
            GemmPlan<Simd128, Vector128<float>, Tile12<Simd128, Vector128<float>>, Tile8<Simd128, Vector128<float>>, Tile4<Simd128, Vector128<float>>>.Run(workers, product);
        else if (Vector128.IsHardwareAccelerated)
            GemmPlan<Simd128, Vector128<float>, Tile6<Simd128, Vector128<float>>, Tile4<Simd128, Vector128<float>>, Tile2<Simd128, Vector128<float>>>.Run(workers, product);
        else
            GemmPlan<SimdScalar, float, Tile6<SimdScalar, float>, Tile4<SimdScalar, float>, Tile2<SimdScalar, float>>.Run(workers, product);
    }
}

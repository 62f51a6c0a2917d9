using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Kernels;

/// <summary>Matrix products of fp32 numbers.</summary>
public static unsafe class Gemm
{
    /// <summary>C = op(A) · op(B), or C += op(A) · op(B), all row-major.</summary>
    /// <param name="workers">Threads; rows of C are split between them.</param>
    /// <param name="transposeA">False: A is stored [m, k]; true: [k, m].</param>
    /// <param name="transposeB">False: B is stored [k, n]; true: [n, k].</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Length of the sums.</param>
    /// <param name="a">First factor.</param>
    /// <param name="lda">Distance between A's stored rows.</param>
    /// <param name="b">Second factor.</param>
    /// <param name="ldb">Distance between B's stored rows.</param>
    /// <param name="c">[m, n] result.</param>
    /// <param name="ldc">Distance between C's rows.</param>
    /// <param name="accumulate">Adds to C instead of overwriting it.</param>
    public static void Run(
        WorkerPool workers, bool transposeA, bool transposeB, int m, int n, int k,
        float* a, int lda, float* b, int ldb, float* c, int ldc, bool accumulate)
    {
        RowsJob job = new(transposeA, transposeB, n, k, a, lda, b, ldb, c, ldc, accumulate);
        workers.For(m, 1, ref job);
    }

    private readonly struct RowsJob(
        bool transposeA, bool transposeB, int n, int k,
        float* a, int lda, float* b, int ldb, float* c, int ldc, bool accumulate) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i++) Row(i, new Span<float>(c + (long)i * ldc, n));
        }

        private void Row(int i, Span<float> row)
        {
            if (!accumulate) row.Clear();
            if (transposeB && !transposeA)
            {
                ReadOnlySpan<float> left = new(a + (long)i * lda, k);
                for (int j = 0; j < row.Length; j++)
                    row[j] += TensorPrimitives.Dot(left, new ReadOnlySpan<float>(b + (long)j * ldb, k));
                return;
            }
            for (int p = 0; p < k; p++)
            {
                float factor = transposeA ? a[(long)p * lda + i] : a[(long)i * lda + p];
                if (transposeB)
                    for (int j = 0; j < row.Length; j++) row[j] += factor * b[(long)j * ldb + p];
                else
                    TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(b + (long)p * ldb, row.Length), factor, row, row);
            }
        }
    }
}

namespace Hone.Tensors.Kernels;

/// <summary>Matrix product in plain loops and double precision: the oracle of <see cref="Gemm"/>.</summary>
internal static unsafe class GemmReference
{
    /// <summary>Same parameters as <see cref="Gemm"/>.</summary>
    public static void Run(
        bool transposeA, bool transposeB, int m, int n, int k,
        float* a, int lda, float* b, int ldb, float* c, int ldc, bool accumulate, float* bias = null, float* residual = null, int ldr = 0)
    {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                double sum = accumulate ? c[(nint)i * ldc + j] : 0;
                for (int p = 0; p < k; p++)
                {
                    double left = a[transposeA ? (nint)p * lda + i : (nint)i * lda + p];
                    sum += left * b[transposeB ? (nint)j * ldb + p : (nint)p * ldb + j];
                }
                if (bias != null) sum += bias[j];
                if (residual != null) sum += residual[(nint)i * ldr + j];
                c[(nint)i * ldc + j] = (float)sum;
            }
    }
}

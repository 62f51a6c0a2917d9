using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>What is added to a finished part of a product while it is still in the cache.</summary>
internal static unsafe class Epilogue<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Adds a bias, unless that is null, and the product's residual, if any, to rows [m, m + rows) and columns [n, n + columns) of C.</summary>
    public static void Add(in Product product, float* bias, int m, int rows, int n, int columns)
    {
        if (bias == null && product.Residual == null) return;
        for (int i = m; i < m + rows; i++)
        {
            float* row = product.C + i * product.Ldc + n;
            if (bias != null) Row(row, bias, columns);
            if (product.Residual != null) Row(row, product.Residual + i * product.ResidualLd + n, columns);
        }
    }

    /// <summary>Adds a row.</summary>
    // Rows of a tile have two vectors: what a call of the library costs would take longer than the additions.
    public static void Row(float* target, float* term, nint columns)
    {
        nint i = 0;
        for (; i <= columns - TSimd.Width; i += TSimd.Width) TSimd.Store(TSimd.Add(TSimd.Load(target + i), TSimd.Load(term + i)), target + i);
        for (; i < columns; i++) target[i] += term[i];
    }
}

using System.Numerics.Tensors;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>What is added to a finished part of a product while it is still in the cache.</summary>
internal static unsafe class Epilogue
{
    /// <summary>Adds bias and residual to rows [m, m + rows) and columns [n, n + columns) of C.</summary>
    public static void Add(in Product product, int m, int rows, int n, int columns)
    {
        for (int i = m; i < m + rows; i++)
        {
            Span<float> row = new(product.C + i * product.Ldc + n, columns);
            if (product.Bias != null) TensorPrimitives.Add(row, new ReadOnlySpan<float>(product.Bias + n, columns), row);
            if (product.Residual != null)
                TensorPrimitives.Add(row, new ReadOnlySpan<float>(product.Residual + i * product.ResidualLd + n, columns), row);
        }
    }
}

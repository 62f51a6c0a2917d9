namespace Hone.Tensors.Kernels.Matrix;

/// <summary>A factor of a product where it lies in memory, or transposed.</summary>
/// <param name="start">First number.</param>
/// <param name="ld">Distance between stored rows.</param>
/// <param name="transposed">Whether stored rows are columns of the factor.</param>
internal readonly unsafe struct MatrixView(float* start, int ld, bool transposed)
{
    public float* Start => start;

    public nint Ld => ld;

    public bool Transposed => transposed;

    /// <summary>Address of element (row, column) of the factor.</summary>
    public float* At(int row, int column) => start + (transposed ? (nint)column * ld + row : (nint)row * ld + column);

    /// <summary>The same numbers seen as the transposed factor.</summary>
    public MatrixView Flip() => new(start, ld, !transposed);
}

/// <summary>A product C = A · B with everything a worker needs to compute a part of it.</summary>
internal unsafe struct Product
{
    public int M, N, K;
    public MatrixView A, B;
    public float* C;
    public nint Ldc;
    public bool Accumulate;

    /// <summary>[N] added to every row, or null.</summary>
    public float* Bias;

    /// <summary>[M, N] added, or null.</summary>
    public float* Residual;

    public nint ResidualLd;

    /// <summary>What may be left out; not together with bias or residual.</summary>
    public Triangle Triangle;
}

using Hone.Tensors.Threads;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>Quantised weights in memory and the products they take part in.</summary>
internal abstract unsafe class WeightStore : IDisposable
{
    /// <summary>Bytes held.</summary>
    public abstract long Bytes { get; }

    /// <summary>y = x · Wᵀ, as fast as the type allows.</summary>
    public abstract void Multiply(WorkerPool workers, float* x, int rows, float* y);

    /// <summary>Writes part of the weights, transposed: rows [row, row + rows), columns [column, column + columns) to [columns, rows].</summary>
    /// <param name="row">A multiple of 16.</param>
    /// <param name="rows">A multiple of 16 unless the last rows are meant.</param>
    /// <param name="column">A multiple of the type's block size.</param>
    /// <param name="columns">A multiple of the type's block size.</param>
    /// <param name="target">Memory with room for <paramref name="ld"/> · <paramref name="columns"/> floats; ld is at least rows rounded up to 16.</param>
    /// <param name="ld">Distance between the target's rows.</param>
    public abstract void DequantizeTransposed(int row, int rows, int column, int columns, float* target, int ld);

    /// <summary>One row of weights.</summary>
    public abstract void DequantizeRow(int row, float* target);

    public abstract void Dispose();
}

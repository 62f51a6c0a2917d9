using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>Quantised weights in memory and the products they take part in.</summary>
internal abstract unsafe class WeightStore : IDisposable
{
    /// <summary>Bytes held.</summary>
    public abstract long Bytes { get; }

    /// <summary>y = x · Wᵀ, as fast as the type allows.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="y">[rows, outputs].</param>
    /// <param name="bias">[outputs] added to every row, or null.</param>
    /// <param name="precise">x with all its bits where it would be rounded to 8.</param>
    public abstract void Multiply(WorkerPool workers, float* x, int rows, float* y, float* bias, bool precise);

    /// <summary>Adds a part of the bias to rows of a result.</summary>
    protected static void AddBias(float* bias, float* y, int rows, int outputs, int count)
    {
        if (bias == null) return;
        for (int r = 0; r < rows; r++)
        {
            Span<float> row = new(y + (nint)r * outputs, count);
            TensorPrimitives.Add(row, new ReadOnlySpan<float>(bias, count), row);
        }
    }

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

namespace Hone.Tensors.Ops;

/// <summary>One number out of each row.</summary>
public static unsafe class GatherOp
{
    /// <summary>y[r] = x[r, indices[r]].</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[N, C] (leading dimensions are flattened).</param>
    /// <param name="indices">[N]; copied.</param>
    /// <returns>[N].</returns>
    /// <exception cref="ArgumentException">The number of indices is not N.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside 0 .. C - 1.</exception>
    public static Tensor GatherLast(this Tape tape, Tensor x, ReadOnlySpan<int> indices)
    {
        int rows = x.Shape.Rows, width = x.Shape.Last;
        if (indices.Length != rows) throw new ArgumentException($"gather: x {x.Shape}, {indices.Length} indices");
        Indices.Check(indices, width, "gather");
        Tensor y = tape.New(rows, tape.Needs(x));
        for (int r = 0; r < rows; r++) y.Pointer[r] = x.Pointer[(long)r * width + indices[r]];
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Chosen = tape.CopyIndices(indices) });
        return y;
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required int* Chosen { get; init; }

        public override void Backward(Tape tape)
        {
            float* dx = X.BeginScatterGrad();
            ReadOnlySpan<float> dy = Output.Grad;
            for (int r = 0; r < dy.Length; r++) dx[(long)r * X.Shape.Last + Chosen[r]] += dy[r];
        }
    }
}

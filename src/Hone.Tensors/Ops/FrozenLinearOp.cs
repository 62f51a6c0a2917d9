using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Layers with quantised weights, which do not learn.</summary>
public static unsafe class FrozenLinearOp
{
    /// <summary>y = x · Wᵀ + b for a quantised weight; the gradient flows to x and the bias only, always in fp32 through the exact weights.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[N, in] (leading dimensions are flattened).</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or null.</param>
    /// <param name="fast">
    /// Rounds x to int8 in the forward pass, with errors of about 0.5 % of a typical output: for generation. Without it the forward
    /// pass is in fp32 too, which is what fine-tuning on top of frozen weights wants (Dettmers et al. 2023, arXiv:2305.14314).
    /// </param>
    /// <returns>[N, out].</returns>
    /// <exception cref="ArgumentException">Sizes do not fit.</exception>
    public static Tensor FrozenLinear(this Tape tape, Tensor x, QuantizedMatrix weight, Tensor? bias = null, bool fast = false)
    {
        int rows = x.Shape.Rows, outputs = weight.Outputs;
        if (x.Shape.Last != weight.Width) throw new ArgumentException($"frozen linear: x {x.Shape}, weight [{outputs}, {weight.Width}]");
        if (bias is not null && bias.Count != outputs) throw new ArgumentException($"frozen linear: weight [{outputs}, {weight.Width}], bias {bias.Shape}");
        Tensor y = tape.New((rows, outputs), tape.Needs(x));
        if (rows > 0)
        {
            if (fast && !tape.Recording)
            {
                weight.Multiply(tape.Workers, x.Pointer, rows, y.Pointer, bias is null ? null : bias.Pointer);
                return y;
            }
            if (fast) weight.Multiply(tape.Workers, x.Pointer, rows, y.Pointer);
            else weight.MultiplyExact(tape.Workers, x.Pointer, rows, y.Pointer);
        }
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Weight = weight });
        return bias is null ? y : tape.Add(y, bias);
    }

    /// <summary>x · Wᵀ for several quantised weights on one input, with the input rounded to int8: for generation, without a way back.</summary>
    /// <param name="tape">Tape that does not record.</param>
    /// <param name="x">[N, in].</param>
    /// <param name="weights">1 to 4 of [out, in].</param>
    /// <param name="biases">One [out] or null for each weight.</param>
    /// <param name="results">Receives one [N, out] for each weight.</param>
    /// <exception cref="ArgumentException">Sizes do not fit, or the tape records.</exception>
    public static void FrozenLinears(this Tape tape, Tensor x, ReadOnlySpan<QuantizedMatrix> weights, ReadOnlySpan<Tensor?> biases, Span<Tensor> results)
    {
        if (tape.Recording) throw new ArgumentException("frozen linears: no way back");
        int rows = x.Shape.Rows;
        Span<nint> targets = stackalloc nint[weights.Length], added = stackalloc nint[weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            if (x.Shape.Last != weights[i].Width) throw new ArgumentException($"frozen linears: x {x.Shape}, weight [{weights[i].Outputs}, {weights[i].Width}]");
            results[i] = tape.New((rows, weights[i].Outputs));
            (targets[i], added[i]) = ((nint)results[i].Pointer, biases[i] is { } bias ? (nint)bias.Pointer : 0);
        }
        if (rows > 0) QuantizedMatrix.MultiplyAll(tape.Workers, weights, x.Pointer, rows, targets, added);
    }

    /// <summary>y[t] = row ids[t] of a quantised table · scale, in fp32; no gradient flows anywhere.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="table">[V, C].</param>
    /// <param name="ids">[N].</param>
    /// <param name="scale">Factor on every number.</param>
    /// <returns>[N, C].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the table.</exception>
    public static Tensor FrozenEmbedding(this Tape tape, QuantizedMatrix table, ReadOnlySpan<int> ids, float scale = 1f)
    {
        Indices.Check(ids, table.Outputs, "frozen embedding");
        Tensor y = tape.New((ids.Length, table.Width));
        fixed (int* source = ids)
        {
            RowsJob job = new(table, source, y.Pointer, scale);
            tape.Workers.For(ids.Length, RmsNormOp.RowGrain(table.Width), ref job);
        }
        return y;
    }

    private readonly struct RowsJob(QuantizedMatrix table, int* ids, float* y, float scale) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int t = start; t < end; t++)
            {
                Span<float> row = new(y + (long)t * table.Width, table.Width);
                table.DequantizeRow(ids[t], y + (long)t * table.Width);
                if (scale != 1f) TensorPrimitives.Multiply(row, scale, row);
            }
        }
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required QuantizedMatrix Weight { get; init; }

        public override void Backward(Tape tape)
        {
            bool add = X.BeginGrad(out float* dx);
            fixed (float* dy = Output.Grad)
                if (Output.Shape.Rows > 0) Weight.MultiplyTransposed(tape.Workers, dy, Output.Shape.Rows, dx, add);
        }
    }
}

using System.Numerics.Tensors;

namespace Hone.Tensors.Ops;

/// <summary>Reductions over the tokens of each sequence.</summary>
public static unsafe class SegmentOps
{
    /// <summary>Sum over each sequence's tokens; 0 for an empty one.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[N], or [N, C].</param>
    /// <param name="segments">Sequences that together have N tokens.</param>
    /// <returns>[segments], or [segments, C].</returns>
    /// <exception cref="ArgumentException">N differs from the segments' tokens.</exception>
    public static Tensor SegmentSum(this Tape tape, Tensor x, Segments segments)
    {
        if (x.Shape.Rank is not (1 or 2) || x.Shape[0] != segments.Tokens) throw new ArgumentException($"segment sum: x {x.Shape}, segments of {segments.Tokens} tokens");
        int width = x.Shape.Rank == 1 ? 1 : x.Shape[1];
        Tensor y = tape.New(x.Shape.Rank == 1 ? segments.Count : (segments.Count, width), tape.Needs(x));
        for (int s = 0; s < segments.Count; s++)
        {
            Span<float> sum = new(y.Pointer + (long)s * width, width);
            sum.Clear();
            ReadOnlySpan<float> rows = new(x.Pointer + (long)segments.Start(s) * width, segments.Length(s) * width);
            if (width == 1) sum[0] = TensorPrimitives.Sum(rows);
            else
                for (int t = 0; t < segments.Length(s); t++) TensorPrimitives.Add(sum, rows.Slice(t * width, width), sum);
        }
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Segments = segments });
        return y;
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required Segments Segments { get; init; }

        public override void Backward(Tape tape)
        {
            int width = X.Shape.Rank == 1 ? 1 : X.Shape[1];
            bool add = X.BeginGrad(out float* dx);
            for (int s = 0; s < Segments.Count; s++)
            {
                ReadOnlySpan<float> upstream = Output.Grad.Slice(s * width, width);
                for (int t = Segments.Start(s); t < Segments.Start(s) + Segments.Length(s); t++)
                {
                    Span<float> target = new(dx + (long)t * width, width);
                    if (add) TensorPrimitives.Add(target, upstream, target);
                    else upstream.CopyTo(target);
                }
            }
        }
    }
}

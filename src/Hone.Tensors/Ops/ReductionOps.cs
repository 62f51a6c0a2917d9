using System.Numerics.Tensors;

namespace Hone.Tensors.Ops;

/// <summary>Sums and means over everything.</summary>
public static unsafe class ReductionOps
{
    /// <summary>Sum of all numbers, added up in double precision.</summary>
    /// <returns>A scalar.</returns>
    public static Tensor Sum(this Tape tape, Tensor x) => Total(tape, x, 1f);

    /// <summary>Mean of all numbers.</summary>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">x is empty.</exception>
    public static Tensor Mean(this Tape tape, Tensor x) =>
        x.Count > 0 ? Total(tape, x, 1f / x.Count) : throw new ArgumentException("mean of no numbers");

    private static Tensor Total(Tape tape, Tensor x, float factor)
    {
        Tensor y = tape.New(Shape.Scalar, tape.Needs(x));
        double sum = 0;
        for (int i = 0; i < x.Count; i += Unary.Block)
            sum += TensorPrimitives.Sum<float>(x.Data.Slice(i, Math.Min(Unary.Block, x.Count - i)));
        *y.Pointer = (float)(sum * factor);
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Factor = factor });
        return y;
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required float Factor { get; init; }

        public override void Backward(Tape tape)
        {
            bool add = X.BeginGrad(out float* dx);
            Span<float> target = new(dx, X.Count);
            float value = Output.Grad[0] * Factor;
            if (add) TensorPrimitives.Add(target, value, target);
            else target.Fill(value);
        }
    }
}

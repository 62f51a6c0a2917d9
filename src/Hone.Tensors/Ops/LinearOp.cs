using Hone.Tensors.Kernels;

namespace Hone.Tensors.Ops;

/// <summary>The linear layer.</summary>
public static unsafe class LinearOp
{
    /// <summary>y = x · Wᵀ + b.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[rows, in] (leading dimensions are flattened).</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or null.</param>
    /// <returns>[rows, out].</returns>
    /// <exception cref="ArgumentException">Sizes do not fit.</exception>
    public static Tensor Linear(this Tape tape, Tensor x, Tensor weight, Tensor? bias = null)
    {
        int rows = x.Shape.Rows, width = x.Shape.Last, outputs = weight.Shape[0];
        if (weight.Shape.Rank != 2 || weight.Shape[1] != width) throw new ArgumentException($"linear: x {x.Shape}, weight {weight.Shape}");
        if (bias is not null && bias.Count != outputs) throw new ArgumentException($"linear: weight {weight.Shape}, bias {bias.Shape}");
        Tensor y = tape.New((rows, outputs), tape.Needs(x, weight, bias));
        Gemm.Run(tape.Workers, false, true, rows, outputs, width, x.Pointer, width, weight.Pointer, width, y.Pointer, outputs, false,
            bias is null ? null : bias.Pointer, null, 0);
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Weight = weight, Bias = bias });
        return y;
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required Tensor Weight { get; init; }

        public required Tensor? Bias { get; init; }

        public override void Backward(Tape tape)
        {
            int rows = X.Shape.Rows, width = X.Shape.Last, outputs = Weight.Shape[0];
            fixed (float* dy = Output.Grad)
            {
                if (X.RequiresGrad)
                {
                    bool add = X.BeginGrad(out float* dx);
                    Gemm.Run(tape.Workers, false, false, rows, width, outputs, dy, outputs, Weight.Pointer, width, dx, width, add);
                }
                if (Weight.RequiresGrad)
                {
                    bool add = Weight.BeginGrad(out float* dw);
                    Gemm.Run(tape.Workers, true, false, outputs, width, rows, dy, outputs, X.Pointer, width, dw, width, add);
                }
                if (Bias is { RequiresGrad: true })
                    ColumnSums.AddTo(tape.Workers, dy, rows, outputs, Bias.BeginScatterGrad());
            }
        }
    }
}

using System.Numerics.Tensors;
using Hone.Tensors.Kernels;

namespace Hone.Tensors.Ops;

/// <summary>The low-rank part of an adapted linear layer.</summary>
public static unsafe class LowRankOp
{
    /// <summary>
    /// y + s · (x · Aᵀ) · Bᵀ, added to y in place. Hu et al. 2021 (LoRA), arXiv:2106.09685, eq. 3. Against separate products, scaling and
    /// addition this saves three [N, out] tensors and seven passes over as many numbers.
    /// </summary>
    /// <param name="tape">Tape.</param>
    /// <param name="y">
    /// [N, out] of this tape, e.g. the frozen layer's result. Its numbers change, so nothing else may use it, and the operation that made it
    /// must not need its result on the way back (a linear layer does not).
    /// </param>
    /// <param name="x">[N, in].</param>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    /// <param name="scaling">s.</param>
    /// <returns>[N, out]: the memory of y.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit.</exception>
    public static Tensor AddLowRank(this Tape tape, Tensor y, Tensor x, Tensor a, Tensor b, float scaling)
    {
        (int rows, int inputs, int outputs, int rank) = (x.Shape.Rows, x.Shape.Last, y.Shape.Last, a.Shape[0]);
        if (a.Shape != new Shape(rank, inputs) || b.Shape != new Shape(outputs, rank) || y.Shape.Rows != rows)
            throw new ArgumentException($"low rank: y {y.Shape}, x {x.Shape}, A {a.Shape}, B {b.Shape}");
        Tensor low = tape.New((rows, rank));
        Gemm.Run(tape.Workers, false, true, rows, rank, inputs, x.Pointer, inputs, a.Pointer, inputs, low.Pointer, rank, false);
        TensorPrimitives.Multiply(low.Data, scaling, low.Data);
        Gemm.Run(tape.Workers, false, true, rows, outputs, rank, low.Pointer, rank, b.Pointer, rank, y.Pointer, outputs, true);
        if (!tape.Needs(x, a, b)) return tape.View(y, y.Shape);
        Tensor result = y.RequiresGrad ? tape.View(y, y.Shape) : tape.NewDetached(y);
        tape.Record(new Node { Output = result, X = x, A = a, B = b, Low = low, Scaling = scaling, SharesGrad = y.RequiresGrad });
        result.RequiresGrad = true;
        return result;
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required Tensor A { get; init; }

        public required Tensor B { get; init; }

        /// <summary>s · x · Aᵀ.</summary>
        public required Tensor Low { get; init; }

        public required float Scaling { get; init; }

        public required bool SharesGrad { get; init; }

        // The gradient of y + anything by y is the upstream gradient itself, which the operation that made y still has to read.
        internal override bool KeepsOutputGrad => SharesGrad;

        public override void Backward(Tape tape)
        {
            (int rows, int inputs, int outputs, int rank) = (X.Shape.Rows, X.Shape.Last, B.Shape[0], A.Shape[0]);
            using PooledFloats back = new(tape, rows * rank);
            fixed (float* dy = Output.Grad)
            {
                if (B.RequiresGrad)
                {
                    bool add = B.BeginGrad(out float* db);
                    Gemm.Run(tape.Workers, true, false, outputs, rank, rows, dy, outputs, Low.Pointer, rank, db, rank, add);
                }
                if (!X.RequiresGrad && !A.RequiresGrad) return;
                Gemm.Run(tape.Workers, false, false, rows, rank, outputs, dy, outputs, B.Pointer, rank, back.Pointer, rank, false);
            }
            Span<float> scaled = new(back.Pointer, rows * rank);
            TensorPrimitives.Multiply(scaled, Scaling, scaled);
            if (A.RequiresGrad)
            {
                bool add = A.BeginGrad(out float* da);
                Gemm.Run(tape.Workers, true, false, rank, inputs, rows, back.Pointer, rank, X.Pointer, inputs, da, inputs, add);
            }
            if (X.RequiresGrad)
            {
                bool add = X.BeginGrad(out float* dx);
                Gemm.Run(tape.Workers, false, false, rows, inputs, rank, back.Pointer, rank, A.Pointer, inputs, dx, inputs, add);
            }
        }
    }
}

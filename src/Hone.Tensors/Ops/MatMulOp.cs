using Hone.Tensors.Kernels;

namespace Hone.Tensors.Ops;

/// <summary>Products of matrices, also of stacks of them.</summary>
public static unsafe class MatMulOp
{
    /// <summary>op(a) · op(b) over the last two dimensions; leading dimensions broadcast under NumPy's rules.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="a">[..., m, k], or [..., k, m] when transposed.</param>
    /// <param name="b">[..., k, n], or [..., n, k] when transposed.</param>
    /// <param name="transposeA">Takes a's transpose.</param>
    /// <param name="transposeB">Takes b's transpose.</param>
    /// <returns>[..., m, n].</returns>
    /// <exception cref="ArgumentException">Sizes do not fit.</exception>
    public static Tensor MatMul(this Tape tape, Tensor a, Tensor b, bool transposeA = false, bool transposeB = false)
    {
        Plan plan = new(a.Shape, b.Shape, transposeA, transposeB);
        Tensor c = tape.New(plan.Result, tape.Needs(a, b));
        for (int i = 0; i < plan.Batches; i++)
            Gemm.Run(tape.Workers, transposeA, transposeB, plan.M, plan.N, plan.K, plan.A(a.Pointer, i), plan.WidthA, plan.B(b.Pointer, i), plan.WidthB,
                plan.C(c.Pointer, i), plan.N, false);
        if (c.RequiresGrad) tape.Record(new Node { Output = c, Left = a, Right = b, Plan = plan });
        return c;
    }

    private readonly struct Plan
    {
        private readonly Broadcast stack;

        public Plan(Shape a, Shape b, bool transposeA, bool transposeB)
        {
            if (a.Rank < 2 || b.Rank < 2) throw new ArgumentException($"matmul: a {a}, b {b}, two dimensions are needed");
            (TransposeA, TransposeB, WidthA, WidthB) = (transposeA, transposeB, a[-1], b[-1]);
            (M, K) = transposeA ? (a[-1], a[-2]) : (a[-2], a[-1]);
            (int k, N) = transposeB ? (b[-1], b[-2]) : (b[-2], b[-1]);
            if (k != K) throw new ArgumentException($"matmul: a {a}, b {b}, transposed {transposeA}, {transposeB}");
            stack = new(Leading(a), Leading(b));
            Span<int> sizes = stackalloc int[4];
            int rank = stack.Shape.Rank;
            for (int i = 0; i < rank; i++) sizes[i] = stack.Shape[i];
            (sizes[rank], sizes[rank + 1]) = (M, N);
            Result = Shape.Of(sizes[..(rank + 2)]);
            (RepeatsA, RepeatsB) = (Leading(a).Count != Batches, Leading(b).Count != Batches);
        }

        public Shape Result { get; }

        public int M { get; }

        public int N { get; }

        public int K { get; }

        public int WidthA { get; }

        public int WidthB { get; }

        public bool TransposeA { get; }

        public bool TransposeB { get; }

        public bool RepeatsA { get; }

        public bool RepeatsB { get; }

        public int Batches => stack.Shape.Count;

        public float* A(float* start, int batch) => start + Offset(stack.A, batch) * M * K;

        public float* B(float* start, int batch) => start + Offset(stack.B, batch) * K * N;

        public float* C(float* start, int batch) => start + (long)batch * M * N;

        private long Offset(Strides strides, int batch) => strides.RowStart(batch / stack.Sizes[3], stack.Sizes) + (long)(batch % stack.Sizes[3]) * strides.S3;

        private static Shape Leading(Shape shape)
        {
            Span<int> sizes = stackalloc int[4];
            for (int i = 0; i < shape.Rank - 2; i++) sizes[i] = shape[i];
            return Shape.Of(sizes[..(shape.Rank - 2)]);
        }
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor Left { get; init; }

        public required Tensor Right { get; init; }

        public required Plan Plan { get; init; }

        public override void Backward(Tape tape)
        {
            fixed (float* dc = Output.Grad)
            {
                if (Left.RequiresGrad) IntoLeft(tape, dc);
                if (Right.RequiresGrad) IntoRight(tape, dc);
            }
        }

        // dA = dC · op(B)ᵀ, transposed where A is
        private void IntoLeft(Tape tape, float* dc)
        {
            (Plan p, bool add) = (Plan, Begin(Left, Plan.RepeatsA, out float* grad));
            for (int i = 0; i < p.Batches; i++)
                if (p.TransposeA)
                    Gemm.Run(tape.Workers, p.TransposeB, true, p.K, p.M, p.N, p.B(Right.Pointer, i), p.WidthB, p.C(dc, i), p.N, p.A(grad, i), p.M, add);
                else
                    Gemm.Run(tape.Workers, false, !p.TransposeB, p.M, p.K, p.N, p.C(dc, i), p.N, p.B(Right.Pointer, i), p.WidthB, p.A(grad, i), p.K, add);
        }

        // dB = op(A)ᵀ · dC, transposed where B is
        private void IntoRight(Tape tape, float* dc)
        {
            (Plan p, bool add) = (Plan, Begin(Right, Plan.RepeatsB, out float* grad));
            for (int i = 0; i < p.Batches; i++)
                if (p.TransposeB)
                    Gemm.Run(tape.Workers, true, p.TransposeA, p.N, p.K, p.M, p.C(dc, i), p.N, p.A(Left.Pointer, i), p.WidthA, p.B(grad, i), p.K, add);
                else
                    Gemm.Run(tape.Workers, !p.TransposeA, false, p.K, p.N, p.M, p.A(Left.Pointer, i), p.WidthA, p.C(dc, i), p.N, p.B(grad, i), p.N, add);
        }

        // An operand that several products share collects from all of them.
        private static bool Begin(Tensor operand, bool repeats, out float* grad)
        {
            if (!repeats) return operand.BeginGrad(out grad);
            grad = operand.BeginScatterGrad();
            return true;
        }
    }
}

using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>An element-wise function of two arguments with its derivatives, on blocks of at most <see cref="Unary.Block"/> numbers.</summary>
internal interface IBinary
{
    /// <summary>y = f(a, b).</summary>
    void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y);

    /// <summary>da = dy · ∂f/∂a. da overlaps none of the others.</summary>
    void BackwardA(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> da);

    /// <summary>db = dy · ∂f/∂b. db overlaps none of the others.</summary>
    void BackwardB(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> db);
}

/// <summary>Runs element-wise functions of two tensors, repeating dimensions where the shapes ask for it.</summary>
internal static unsafe class Binary
{
    public static Tensor Apply<T>(Tape tape, Tensor a, Tensor b, T function) where T : struct, IBinary
    {
        Broadcast plan = new(a.Shape, b.Shape);
        Tensor y = tape.New(plan.Shape, tape.Needs(a, b));
        ForwardJob<T> job = new(function, new(plan), a.Pointer, b.Pointer, y.Pointer);
        tape.Workers.For(job.Rows.Count, job.Rows.Grain, ref job);
        if (y.RequiresGrad) tape.Record(new Node<T> { Output = y, A = a, B = b, Function = function });
        return y;
    }

    /// <summary>The result cut into rows along which each operand is either contiguous or one repeated number.</summary>
    private readonly struct RowPlan(Broadcast plan)
    {
        private readonly int width = plan.SameCount ? Math.Min(Unary.Block, plan.Shape.Count) : plan.Sizes[3];

        public int Width => width;

        public int Count => plan.SameCount ? (plan.Shape.Count + Unary.Block - 1) / Unary.Block : plan.Sizes[0] * plan.Sizes[1] * plan.Sizes[2];

        public int Grain => Math.Max(1, Unary.Grain / Math.Max(1, width));

        /// <summary>Length of row <paramref name="row"/>, and where it starts in the operands and in the result.</summary>
        public int Row(int row, out long a, out long b, out long y)
        {
            y = (long)row * width;
            if (!plan.SameCount)
            {
                a = plan.A.RowStart(row, plan.Sizes);
                b = plan.B.RowStart(row, plan.Sizes);
                return width;
            }
            a = b = y;
            return (int)Math.Min(width, plan.Shape.Count - y);
        }

        public bool RepeatsA => !plan.SameCount && plan.A.S3 == 0;

        public bool RepeatsB => !plan.SameCount && plan.B.S3 == 0;
    }

    /// <summary>The next numbers of an operand: its own memory, or one number repeated into <paramref name="scratch"/>.</summary>
    private static ReadOnlySpan<float> Operand(float* start, int offset, int n, bool repeats, Span<float> scratch)
    {
        if (!repeats) return new(start + offset, n);
        scratch[..n].Fill(*start);
        return scratch[..n];
    }

    private readonly struct ForwardJob<T>(T function, RowPlan rows, float* a, float* b, float* y) : IRangeJob where T : struct, IBinary
    {
        public RowPlan Rows => rows;

        public void Run(int worker, int start, int end)
        {
            Span<float> memory = stackalloc float[2 * Unary.Block];
            for (int row = start; row < end; row++)
            {
                int length = rows.Row(row, out long offsetA, out long offsetB, out long offsetY);
                for (int i = 0; i < length; i += Unary.Block)
                {
                    int n = Math.Min(Unary.Block, length - i);
                    function.Forward(
                        Operand(a + offsetA, i, n, rows.RepeatsA, memory[..Unary.Block]),
                        Operand(b + offsetB, i, n, rows.RepeatsB, memory[Unary.Block..]),
                        new(y + offsetY + i, n));
                }
            }
        }
    }

    private struct BackwardJob<T>(T function, RowPlan rows, bool first, float* a, float* b, float* dy, float* target, bool add)
        : IRangeJob where T : struct, IBinary
    {
        public readonly void Run(int worker, int start, int end)
        {
            Span<float> memory = stackalloc float[3 * Unary.Block];
            Span<float> part = memory[(2 * Unary.Block)..];
            for (int row = start; row < end; row++)
            {
                int length = rows.Row(row, out long offsetA, out long offsetB, out long offsetY);
                for (int i = 0; i < length; i += Unary.Block)
                {
                    int n = Math.Min(Unary.Block, length - i);
                    ReadOnlySpan<float> va = Operand(a + offsetA, i, n, rows.RepeatsA, memory[..Unary.Block]);
                    ReadOnlySpan<float> vb = Operand(b + offsetB, i, n, rows.RepeatsB, memory.Slice(Unary.Block, Unary.Block));
                    ReadOnlySpan<float> upstream = new(dy + offsetY + i, n);
                    bool repeats = first ? rows.RepeatsA : rows.RepeatsB;
                    float* place = target + (first ? offsetA : offsetB);
                    Span<float> result = add || repeats ? part[..n] : new(place + i, n);
                    if (first) function.BackwardA(va, vb, upstream, result);
                    else function.BackwardB(va, vb, upstream, result);
                    if (repeats) *place += TensorPrimitives.Sum<float>(result);
                    else if (add) TensorPrimitives.Add(new ReadOnlySpan<float>(place + i, n), result, new Span<float>(place + i, n));
                }
            }
        }
    }

    private sealed class Node<T> : BackwardNode where T : struct, IBinary
    {
        public required Tensor A { get; init; }

        public required Tensor B { get; init; }

        public required T Function { get; init; }

        public override void Backward(Tape tape)
        {
            if (A.RequiresGrad) Into(tape, A, first: true);
            if (B.RequiresGrad) Into(tape, B, first: false);
        }

        private void Into(Tape tape, Tensor input, bool first)
        {
            RowPlan rows = new(new Broadcast(A.Shape, B.Shape));
            fixed (float* dy = Output.Grad)
            {
                if (input.Count == Output.Count)
                {
                    bool add = input.BeginGrad(out float* target);
                    BackwardJob<T> job = new(Function, rows, first, A.Pointer, B.Pointer, dy, target, add);
                    tape.Workers.For(rows.Count, rows.Grain, ref job);
                }
                else // several results add up in one place: one thread keeps their order fixed
                {
                    new BackwardJob<T>(Function, rows, first, A.Pointer, B.Pointer, dy, input.BeginScatterGrad(), true).Run(0, 0, rows.Count);
                }
            }
        }
    }
}

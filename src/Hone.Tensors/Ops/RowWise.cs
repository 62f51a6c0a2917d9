using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>A function of one row, which yields a row of the same length or, for reductions, one number.</summary>
internal interface IRowFunction
{
    /// <summary>Whether a row yields one number.</summary>
    static abstract bool Reduces { get; }

    /// <summary>y = f(x).</summary>
    void Forward(ReadOnlySpan<float> x, Span<float> y);

    /// <summary>dx = Σ_j dy_j · ∂y_j/∂x, overwritten.</summary>
    void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx);
}

/// <summary>Runs functions over the last dimension, rows in parallel.</summary>
internal static unsafe class RowWise
{
    public static Tensor Apply<T>(Tape tape, Tensor x, T function) where T : struct, IRowFunction
    {
        int rows = x.Shape.Rows, width = x.Shape.Last;
        if (x.Shape.Rank == 0 || width == 0) throw new ArgumentException($"a function over the last dimension needs one that is not empty, not shape {x.Shape}");
        Tensor y = tape.New(T.Reduces ? WithoutLast(x.Shape) : x.Shape, tape.Needs(x));
        ForwardJob<T> job = new(function, x.Pointer, y.Pointer, width);
        tape.Workers.For(rows, RmsNormOp.RowGrain(width), ref job);
        if (y.RequiresGrad) tape.Record(new Node<T> { Output = y, X = x, Function = function });
        return y;
    }

    private static Shape WithoutLast(Shape shape)
    {
        Span<int> sizes = stackalloc int[4];
        for (int i = 0; i < shape.Rank - 1; i++) sizes[i] = shape[i];
        return Shape.Of(sizes[..(shape.Rank - 1)]);
    }

    private readonly struct ForwardJob<T>(T function, float* x, float* y, int width) : IRangeJob where T : struct, IRowFunction
    {
        public void Run(int worker, int start, int end)
        {
            int outputs = T.Reduces ? 1 : width;
            for (int r = start; r < end; r++) function.Forward(new(x + (long)r * width, width), new(y + (long)r * outputs, outputs));
        }
    }

    private readonly struct BackwardJob<T>(T function, float* x, float* y, float* dy, float* dx, bool add, float* scratch, int width)
        : IRangeJob where T : struct, IRowFunction
    {
        public void Run(int worker, int start, int end)
        {
            int outputs = T.Reduces ? 1 : width;
            Span<float> part = new(scratch + (long)worker * width, width);
            for (int r = start; r < end; r++)
            {
                Span<float> target = new(dx + (long)r * width, width);
                Span<float> result = add ? part : target;
                function.Backward(
                    new(x + (long)r * width, width), new(y + (long)r * outputs, outputs), new(dy + (long)r * outputs, outputs), result);
                if (add) TensorPrimitives.Add(target, result, target);
            }
        }
    }

    private sealed class Node<T> : BackwardNode where T : struct, IRowFunction
    {
        public required Tensor X { get; init; }

        public required T Function { get; init; }

        public override void Backward(Tape tape)
        {
            int width = X.Shape.Last;
            using PooledFloats scratch = new(tape, tape.Workers.Threads * width);
            bool add = X.BeginGrad(out float* dx);
            fixed (float* dy = Output.Grad)
            {
                BackwardJob<T> job = new(Function, X.Pointer, Output.Pointer, dy, dx, add, scratch.Pointer, width);
                tape.Workers.For(X.Shape.Rows, RmsNormOp.RowGrain(width), ref job);
            }
        }
    }
}

using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>An element-wise function of one argument with its derivative, on blocks of at most <see cref="Unary.Block"/> numbers.</summary>
internal interface IUnary
{
    /// <summary>y = f(x).</summary>
    void Forward(ReadOnlySpan<float> x, Span<float> y);

    /// <summary>dx = dy · f'(x), where y = f(x) is known. dx overlaps none of the others.</summary>
    void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx);
}

/// <summary>Runs element-wise functions over whole tensors, in parallel, forth and back.</summary>
internal static unsafe class Unary
{
    /// <summary>Numbers handled at once: 4 KB per operand, so that all intermediate results stay in the first-level cache.</summary>
    public const int Block = 1024;

    /// <summary>Smallest part worth a thread.</summary>
    public const int Grain = 16 * Block;

    public static Tensor Apply<T>(Tape tape, Tensor x, T function) where T : struct, IUnary
    {
        Tensor y = tape.New(x.Shape, tape.Needs(x));
        ForwardJob<T> job = new(function, x.Pointer, y.Pointer);
        tape.Workers.For(x.Count, Grain, ref job);
        if (y.RequiresGrad) tape.Record(new Node<T> { Output = y, X = x, Function = function });
        return y;
    }

    private readonly struct ForwardJob<T>(T function, float* x, float* y) : IRangeJob where T : struct, IUnary
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i += Block)
            {
                int n = Math.Min(Block, end - i);
                function.Forward(new(x + i, n), new(y + i, n));
            }
        }
    }

    private readonly struct BackwardJob<T>(T function, float* x, float* y, float* dy, float* dx, bool add) : IRangeJob where T : struct, IUnary
    {
        public void Run(int worker, int start, int end)
        {
            Span<float> part = stackalloc float[Block];
            for (int i = start; i < end; i += Block)
            {
                int n = Math.Min(Block, end - i);
                Span<float> target = new(dx + i, n);
                Span<float> result = add ? part[..n] : target;
                function.Backward(new(x + i, n), new(y + i, n), new(dy + i, n), result);
                if (add) TensorPrimitives.Add(target, result, target);
            }
        }
    }

    private sealed class Node<T> : BackwardNode where T : struct, IUnary
    {
        public required Tensor X { get; init; }

        public required T Function { get; init; }

        public override void Backward(Tape tape)
        {
            bool add = X.BeginGrad(out float* dx);
            fixed (float* dy = Output.Grad)
            {
                BackwardJob<T> job = new(Function, X.Pointer, Output.Pointer, dy, dx, add);
                tape.Workers.For(X.Count, Grain, ref job);
            }
        }
    }
}

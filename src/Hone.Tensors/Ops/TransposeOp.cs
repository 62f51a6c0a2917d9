using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Exchanging two dimensions.</summary>
public static unsafe class TransposeOp
{
    /// <summary>A copy with two dimensions exchanged.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">Rank 2 to 4.</param>
    /// <param name="a">One dimension; negative counts from the end.</param>
    /// <param name="b">The other.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension does not exist.</exception>
    public static Tensor Transpose(this Tape tape, Tensor x, int a, int b)
    {
        int rank = x.Shape.Rank;
        (a, b) = (a < 0 ? a + rank : a, b < 0 ? b + rank : b);
        Span<int> sizes = stackalloc int[4];
        for (int i = 0; i < rank; i++) sizes[i] = x.Shape[i == a ? b : i == b ? a : i];
        _ = (x.Shape[a], x.Shape[b]); // throws when a dimension does not exist
        Tensor y = tape.New(Shape.Of(sizes[..rank]), tape.Needs(x));
        Copy(tape, x.Pointer, x.Shape, y.Pointer, y.Shape, a, b, false);
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, A = a, B = b });
        return y;
    }

    private static void Copy(Tape tape, float* source, Shape from, float* target, Shape to, int a, int b, bool add)
    {
        Span<int> strides = stackalloc int[4];
        Span<int> sizes = stackalloc int[4];
        int pad = 4 - from.Rank, step = 1;
        for (int i = 3; i >= 0; i--)
        {
            strides[i] = step;
            step *= i < pad ? 1 : from[i - pad];
            sizes[i] = i < pad ? 1 : to[i - pad];
        }
        (strides[pad + a], strides[pad + b]) = (strides[pad + b], strides[pad + a]);
        Job job = new(source, new(strides[0], strides[1], strides[2], strides[3]), target, new(sizes[0], sizes[1], sizes[2], sizes[3]), add);
        tape.Workers.For(sizes[0] * sizes[1] * sizes[2], RmsNormOp.RowGrain(sizes[3]), ref job);
    }

    private readonly struct Job(float* source, Strides strides, float* target, Shape sizes, bool add) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            int width = sizes[3];
            for (int r = start; r < end; r++)
            {
                float* from = source + strides.RowStart(r, sizes), to = target + (long)r * width;
                if (add)
                    for (int i = 0; i < width; i++) to[i] += from[(long)i * strides.S3];
                else if (strides.S3 == 1)
                    new ReadOnlySpan<float>(from, width).CopyTo(new Span<float>(to, width));
                else
                    for (int i = 0; i < width; i++) to[i] = from[(long)i * strides.S3];
            }
        }
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required int A { get; init; }

        public required int B { get; init; }

        public override void Backward(Tape tape)
        {
            bool add = X.BeginGrad(out float* dx);
            fixed (float* dy = Output.Grad) Copy(tape, dy, Output.Shape, dx, X.Shape, A, B, add);
        }
    }
}

using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>The same numbers seen differently: views, slices, concatenation.</summary>
public static unsafe class ViewOps
{
    /// <summary>The same memory under another shape: nothing is copied, and the gradient is shared too.</summary>
    /// <exception cref="ArgumentException">The number of elements differs.</exception>
    public static Tensor View(this Tape tape, Tensor x, Shape shape)
    {
        _ = tape; // an extension of Tape like every other operation, though nothing has to be recorded
        if (shape.Count != x.Count) throw new ArgumentException($"view: {x.Shape} as {shape}");
        return new Tensor(shape, x, shareGrad: true, null);
    }

    /// <summary>The same numbers, through which no gradient flows back.</summary>
    public static Tensor Detach(this Tape tape, Tensor x) => tape.NewDetached(x);

    /// <summary>A contiguous part along one dimension, copied.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">Any shape.</param>
    /// <param name="dim">Dimension; negative counts from the end.</param>
    /// <param name="start">First index.</param>
    /// <param name="length">Number of indices.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside x.</exception>
    public static Tensor Slice(this Tape tape, Tensor x, int dim, int start, int length)
    {
        dim = dim < 0 ? dim + x.Shape.Rank : dim;
        if (start < 0 || length < 0 || start > x.Shape[dim] - length)
            throw new ArgumentOutOfRangeException(nameof(start), $"slice: [{start}, {start + length}) of dimension {dim} of {x.Shape}");
        Tensor y = tape.New(Resized(x.Shape, dim, length), tape.Needs(x));
        (int outer, int inner) = Around(x.Shape, dim);
        Copy(tape, x.Pointer + (long)start * inner, (long)x.Shape[dim] * inner, y.Pointer, (long)length * inner, outer, length * inner, false);
        if (y.RequiresGrad) tape.Record(new SliceNode { Output = y, X = x, Dim = dim, Start = start });
        return y;
    }

    /// <summary>Tensors one after the other along a dimension.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="dim">Dimension; negative counts from the end.</param>
    /// <param name="tensors">At least one; all sizes but that of <paramref name="dim"/> are equal.</param>
    /// <exception cref="ArgumentException">There are none, or their shapes do not fit.</exception>
    public static Tensor Concat(this Tape tape, int dim, params ReadOnlySpan<Tensor> tensors)
    {
        if (tensors.Length == 0) throw new ArgumentException("concat: no tensors");
        Shape first = tensors[0].Shape;
        dim = dim < 0 ? dim + first.Rank : dim;
        int length = 0;
        bool needs = false;
        foreach (Tensor part in tensors)
        {
            if (part.Shape.Rank != first.Rank || Resized(part.Shape, dim, 0) != Resized(first, dim, 0))
                throw new ArgumentException($"concat along {dim}: {first} and {part.Shape}");
            length += part.Shape[dim];
            needs |= tape.Needs(part);
        }
        Tensor y = tape.New(Resized(first, dim, length), needs);
        (int outer, int inner) = Around(first, dim);
        int start = 0;
        foreach (Tensor part in tensors)
        {
            int width = part.Shape[dim] * inner;
            Copy(tape, part.Pointer, width, y.Pointer + (long)start * inner, (long)length * inner, outer, width, false);
            start += part.Shape[dim];
        }
        if (needs) tape.Record(new ConcatNode { Output = y, Parts = tensors.ToArray(), Dim = dim });
        return y;
    }

    private static Shape Resized(Shape shape, int dim, int size)
    {
        Span<int> sizes = stackalloc int[4];
        for (int i = 0; i < shape.Rank; i++) sizes[i] = i == dim ? size : shape[i];
        return Shape.Of(sizes[..shape.Rank]);
    }

    /// <summary>Products of the sizes before and behind a dimension.</summary>
    internal static (int Outer, int Inner) Around(Shape shape, int dim)
    {
        if ((uint)dim >= (uint)shape.Rank) throw new ArgumentOutOfRangeException(nameof(dim), $"dimension {dim} of {shape}");
        int outer = 1, inner = 1;
        for (int i = 0; i < dim; i++) outer *= shape[i];
        for (int i = dim + 1; i < shape.Rank; i++) inner *= shape[i];
        return (outer, inner);
    }

    private static void Copy(Tape tape, float* source, long sourceStep, float* target, long targetStep, int rows, int width, bool add)
    {
        CopyJob job = new(source, sourceStep, target, targetStep, width, add);
        tape.Workers.For(rows, RmsNormOp.RowGrain(width), ref job);
    }

    private readonly struct CopyJob(float* source, long sourceStep, float* target, long targetStep, int width, bool add) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int r = start; r < end; r++)
            {
                ReadOnlySpan<float> from = new(source + r * sourceStep, width);
                Span<float> to = new(target + r * targetStep, width);
                if (add) TensorPrimitives.Add(to, from, to);
                else from.CopyTo(to);
            }
        }
    }

    private sealed class SliceNode : BackwardNode
    {
        public required Tensor X { get; init; }

        public required int Dim { get; init; }

        public required int Start { get; init; }

        public override void Backward(Tape tape)
        {
            (int outer, int inner) = Around(X.Shape, Dim);
            int width = Output.Shape[Dim] * inner;
            float* dx = X.BeginScatterGrad() + (long)Start * inner;
            fixed (float* dy = Output.Grad) Copy(tape, dy, width, dx, (long)X.Shape[Dim] * inner, outer, width, true);
        }
    }

    private sealed class ConcatNode : BackwardNode
    {
        public required Tensor[] Parts { get; init; }

        public required int Dim { get; init; }

        public override void Backward(Tape tape)
        {
            (int outer, int inner) = Around(Output.Shape, Dim);
            long step = (long)Output.Shape[Dim] * inner;
            fixed (float* dy = Output.Grad)
            {
                float* source = dy;
                foreach (Tensor part in Parts)
                {
                    int width = part.Shape[Dim] * inner;
                    if (part.RequiresGrad)
                    {
                        bool add = part.BeginGrad(out float* dx);
                        Copy(tape, source, step, dx, width, outer, width, add);
                    }
                    source += width;
                }
            }
        }
    }
}

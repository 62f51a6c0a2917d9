using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Root-mean-square normalisation.</summary>
public static unsafe class RmsNormOp
{
    /// <summary>y = x / sqrt(mean(x²) + eps) · w over the last dimension. Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[N, C] (leading dimensions are flattened; for a norm per head view it as [N · heads, D]).</param>
    /// <param name="weight">[C], or null for none.</param>
    /// <param name="eps">Added inside the root.</param>
    /// <param name="onePlusWeight">Multiplies by 1 + w, as Gemma stores its weights.</param>
    /// <returns>Shape of x.</returns>
    /// <exception cref="ArgumentException">The weight's size is not C.</exception>
    public static Tensor RmsNorm(this Tape tape, Tensor x, Tensor? weight, float eps, bool onePlusWeight = false)
    {
        int rows = x.Shape.Rows, width = x.Shape.Last;
        if (weight is not null && weight.Count != width) throw new ArgumentException($"rms norm: x {x.Shape}, weight {weight.Shape}");
        Tensor y = tape.New(x.Shape, tape.Needs(x, weight));
        Tensor inverse = tape.New(rows);
        ForwardJob job = new(x.Pointer, weight is null ? null : weight.Pointer, onePlusWeight, y.Pointer, inverse.Pointer, width, eps);
        tape.Workers.For(rows, RowGrain(width), ref job);
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Weight = weight, Inverse = inverse, OnePlus = onePlusWeight });
        return y;
    }

    internal static int RowGrain(int width) => Math.Max(1, Unary.Grain / Math.Max(1, width));

    private readonly struct ForwardJob(float* x, float* weight, bool onePlus, float* y, float* inverse, int width, float eps) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int r = start; r < end; r++)
            {
                inverse[r] = Row(x + (long)r * width, weight, onePlus, eps, y + (long)r * width, width);
            }
        }
    }

    /// <summary>One row of <see cref="RmsNorm"/>.</summary>
    /// <param name="x">[width].</param>
    /// <param name="weight">[width], or null for none.</param>
    /// <param name="onePlus">Multiplies by 1 + weight.</param>
    /// <param name="eps">Added inside the root.</param>
    /// <param name="y">[width]; may be x.</param>
    /// <param name="width">C.</param>
    /// <returns>1 / sqrt(mean(x²) + eps).</returns>
    public static float Row(float* x, float* weight, bool onePlus, float eps, float* y, int width)
    {
        ReadOnlySpan<float> row = new(x, width), w = new(weight, weight == null ? 0 : width);
        Span<float> result = new(y, width);
        float scale = 1f / MathF.Sqrt(TensorPrimitives.SumOfSquares(row) / width + eps);
        TensorPrimitives.Multiply(row, scale, result);
        if (weight == null) return scale;
        if (onePlus) TensorPrimitives.MultiplyAdd(result, w, result, result);
        else TensorPrimitives.Multiply(result, w, result);
        return scale;
    }

    // With g = dy·w and r = 1/rms: dx = r·g - x·r³·mean(g·x)
    private readonly struct InputJob(float* x, float* weight, bool onePlus, float* dy, float* inverse, float* dx, bool add, float* scratch, int width)
        : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            Span<float> g = new(scratch + (long)worker * width, width);
            for (int r = start; r < end; r++)
            {
                ReadOnlySpan<float> row = new(x + (long)r * width, width), upstream = new(dy + (long)r * width, width);
                Span<float> target = new(dx + (long)r * width, width);
                if (weight == null) upstream.CopyTo(g);
                else if (onePlus) TensorPrimitives.MultiplyAdd(upstream, new ReadOnlySpan<float>(weight, width), upstream, g);
                else TensorPrimitives.Multiply(upstream, new ReadOnlySpan<float>(weight, width), g);
                float scale = inverse[r];
                float along = TensorPrimitives.Dot<float>(g, row) * scale * scale * scale / width;
                TensorPrimitives.Multiply(g, scale, g);
                TensorPrimitives.MultiplyAdd(row, -along, g, g);
                if (add) TensorPrimitives.Add(target, g, target);
                else g.CopyTo(target);
            }
        }
    }

    // Split by columns: every sum over rows is made by one thread in the order of the rows.
    private readonly struct WeightJob(float* x, float* dy, float* inverse, float* dw, int rows, int width, float* scratch) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            int n = end - start;
            Span<float> sum = new(dw + start, n), scaled = new(scratch + start, n);
            for (int r = 0; r < rows; r++)
            {
                long offset = (long)r * width + start;
                TensorPrimitives.Multiply(new ReadOnlySpan<float>(x + offset, n), inverse[r], scaled);
                TensorPrimitives.MultiplyAdd(scaled, new ReadOnlySpan<float>(dy + offset, n), sum, sum);
            }
        }
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required Tensor? Weight { get; init; }

        public required Tensor Inverse { get; init; }

        public required bool OnePlus { get; init; }

        public override void Backward(Tape tape)
        {
            int rows = X.Shape.Rows, width = X.Shape.Last;
            using PooledFloats scratch = new(tape, width * tape.Workers.Threads);
            fixed (float* dy = Output.Grad)
            {
                if (X.RequiresGrad)
                {
                    bool add = X.BeginGrad(out float* dx);
                    float* weight = Weight is null ? null : Weight.Pointer;
                    InputJob job = new(X.Pointer, weight, OnePlus, dy, Inverse.Pointer, dx, add, scratch.Pointer, width);
                    tape.Workers.For(rows, RowGrain(width), ref job);
                }
                if (Weight is { RequiresGrad: true })
                {
                    WeightJob job = new(X.Pointer, dy, Inverse.Pointer, Weight.BeginScatterGrad(), rows, width, scratch.Pointer);
                    tape.Workers.For(width, 16, ref job);
                }
            }
        }
    }
}

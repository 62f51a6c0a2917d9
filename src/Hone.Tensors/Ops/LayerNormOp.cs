using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Layer normalisation.</summary>
public static unsafe class LayerNormOp
{
    /// <summary>y = (x - mean) / sqrt(variance + eps) · w + b over the last dimension. Ba et al. 2016, arXiv:1607.06450.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[N, C] (leading dimensions are flattened).</param>
    /// <param name="weight">[C], or null for none.</param>
    /// <param name="bias">[C], or null for none.</param>
    /// <param name="eps">Added to the (biased) variance.</param>
    /// <returns>Shape of x.</returns>
    /// <exception cref="ArgumentException">The weight's or bias's size is not C.</exception>
    public static Tensor LayerNorm(this Tape tape, Tensor x, Tensor? weight, Tensor? bias, float eps)
    {
        int rows = x.Shape.Rows, width = x.Shape.Last;
        if (weight is not null && weight.Count != width) throw new ArgumentException($"layer norm: x {x.Shape}, weight {weight.Shape}");
        if (bias is not null && bias.Count != width) throw new ArgumentException($"layer norm: x {x.Shape}, bias {bias.Shape}");
        Tensor y = tape.New(x.Shape, tape.Needs(x, weight, bias));
        Tensor statistics = tape.New((3, rows));
        ForwardJob job = new(x.Pointer, PointerOf(weight), PointerOf(bias), y.Pointer, statistics.Pointer, rows, width, eps);
        tape.Workers.For(rows, RmsNormOp.RowGrain(width), ref job);
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Weight = weight, Bias = bias, Statistics = statistics });
        return y;
    }

    private static float* PointerOf(Tensor? tensor) => tensor is null ? null : tensor.Pointer;

    /// <summary>
    /// x - mean. The mean is subtracted before squaring: E[x²] - E[x]² loses everything when the mean is large. It is kept in two
    /// parts, because beside numbers of 4096 a single fp32 mean is off by up to 2e-4.
    /// </summary>
    private static void Center(ReadOnlySpan<float> x, float mean, float rest, Span<float> result)
    {
        TensorPrimitives.Subtract(x, mean, result);
        TensorPrimitives.Subtract(result, rest, result);
    }

    private readonly struct ForwardJob(float* x, float* weight, float* bias, float* y, float* statistics, int rows, int width, float eps) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int r = start; r < end; r++)
            {
                (statistics[r], statistics[rows + r], statistics[2 * rows + r]) = Row(x + (long)r * width, weight, bias, eps, y + (long)r * width, width);
            }
        }
    }

    /// <summary>One row of <see cref="LayerNorm"/>.</summary>
    /// <param name="x">[width].</param>
    /// <param name="weight">[width], or null for none.</param>
    /// <param name="bias">[width], or null for none.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="y">[width]; may be x.</param>
    /// <param name="width">C.</param>
    /// <returns>The mean, 1 / deviation, and what the mean's rounding left.</returns>
    public static (float Mean, float Inverse, float Lost) Row(float* x, float* weight, float* bias, float eps, float* y, int width)
    {
        float mean = LayerNormRow.Subtract(x, 0, null, width) / width;
        float rest = LayerNormRow.Subtract(x, mean, y, width) / width;
        float inverse = 1f / MathF.Sqrt(LayerNormRow.SubtractAndSquare(y, rest, width) / width + eps);
        LayerNormRow.Scale(y, inverse, weight, bias, width);
        return (mean, inverse, rest);
    }

    // With g = dy·w: dx = (g - mean(g) - x̂·mean(g·x̂)) / deviation
    private readonly struct InputJob(float* x, float* weight, float* dy, float* statistics, float* dx, bool add, float* scratch, int rows, int width)
        : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            Span<float> normal = new(scratch + 2L * worker * width, width), g = new(scratch + (2L * worker + 1) * width, width);
            for (int r = start; r < end; r++)
            {
                ReadOnlySpan<float> upstream = new(dy + (long)r * width, width);
                Span<float> target = new(dx + (long)r * width, width);
                float inverse = statistics[rows + r];
                Center(new(x + (long)r * width, width), statistics[r], statistics[2 * rows + r], normal);
                TensorPrimitives.Multiply(normal, inverse, normal);
                if (weight == null) upstream.CopyTo(g);
                else TensorPrimitives.Multiply(upstream, new ReadOnlySpan<float>(weight, width), g);
                float mean = TensorPrimitives.Sum<float>(g) / width, along = TensorPrimitives.Dot<float>(g, normal) / width;
                TensorPrimitives.Subtract(g, mean, g);
                TensorPrimitives.MultiplyAdd(normal, -along, g, g);
                if (add) TensorPrimitives.MultiplyAdd(g, inverse, target, target);
                else TensorPrimitives.Multiply(g, inverse, target);
            }
        }
    }

    private readonly struct WeightJob(float* x, float* dy, float* statistics, float* dw, float* db, int rows, int width, float* scratch) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            int n = end - start;
            Span<float> normal = new(scratch + start, n);
            for (int r = 0; r < rows; r++)
            {
                long offset = (long)r * width + start;
                ReadOnlySpan<float> upstream = new(dy + offset, n);
                if (dw != null)
                {
                    Center(new(x + offset, n), statistics[r], statistics[2 * rows + r], normal);
                    TensorPrimitives.Multiply(normal, statistics[rows + r], normal);
                    TensorPrimitives.MultiplyAdd(normal, upstream, new Span<float>(dw + start, n), new Span<float>(dw + start, n));
                }
                if (db != null) TensorPrimitives.Add(new ReadOnlySpan<float>(db + start, n), upstream, new Span<float>(db + start, n));
            }
        }
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required Tensor? Weight { get; init; }

        public required Tensor? Bias { get; init; }

        public required Tensor Statistics { get; init; }

        public override void Backward(Tape tape)
        {
            int rows = X.Shape.Rows, width = X.Shape.Last;
            using PooledFloats scratch = new(tape, 2 * width * tape.Workers.Threads);
            fixed (float* dy = Output.Grad)
            {
                if (X.RequiresGrad)
                {
                    bool add = X.BeginGrad(out float* dx);
                    InputJob job = new(X.Pointer, PointerOf(Weight), dy, Statistics.Pointer, dx, add, scratch.Pointer, rows, width);
                    tape.Workers.For(rows, RmsNormOp.RowGrain(width), ref job);
                }
                float* dw = Weight is { RequiresGrad: true } ? Weight.BeginScatterGrad() : null;
                float* db = Bias is { RequiresGrad: true } ? Bias.BeginScatterGrad() : null;
                if (dw == null && db == null) return;
                WeightJob parameters = new(X.Pointer, dy, Statistics.Pointer, dw, db, rows, width, scratch.Pointer);
                tape.Workers.For(width, 16, ref parameters);
            }
        }
    }
}

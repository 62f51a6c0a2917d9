using System.Numerics.Tensors;

namespace Hone.Tensors.Ops;

/// <summary>Softmax and its relatives over the last dimension. All subtract the row's maximum first, so large numbers do no harm.</summary>
public static class SoftmaxOps
{
    /// <summary>exp(x_i) / Σ_j exp(x_j). Numbers of -∞ get weight 0; a row of nothing else gives zeros and no gradient.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[..., C].</param>
    /// <returns>Shape of x.</returns>
    public static Tensor Softmax(this Tape tape, Tensor x) => RowWise.Apply(tape, x, default(SoftmaxFunction));

    /// <summary>x_i - log Σ_j exp(x_j).</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[..., C].</param>
    /// <returns>Shape of x.</returns>
    public static Tensor LogSoftmax(this Tape tape, Tensor x) => RowWise.Apply(tape, x, default(LogSoftmaxFunction));

    /// <summary>log Σ_j exp(x_j).</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[..., C].</param>
    /// <returns>Shape of x without its last dimension.</returns>
    public static Tensor LogSumExp(this Tape tape, Tensor x) => RowWise.Apply(tape, x, default(LogSumExpFunction));

    /// <summary>Entropy of softmax(x) in nats: log Σ exp(x_j) - Σ p_j x_j.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[..., C].</param>
    /// <returns>Shape of x without its last dimension.</returns>
    public static Tensor SoftmaxEntropy(this Tape tape, Tensor x) => RowWise.Apply(tape, x, default(EntropyFunction));
}

internal readonly struct SoftmaxFunction : IRowFunction
{
    public static bool Reduces => false;

    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        float max = RowLoops.Max(x);
        if (float.IsNegativeInfinity(max))
        {
            y.Clear();
            return;
        }
        x.CopyTo(y);
        TensorPrimitives.Multiply(y, 1f / RowLoops.ExpSum(y, max), y);
    }

    // dx = y ∘ (dy - y·dy)
    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Subtract(dy, TensorPrimitives.Dot(y, dy), dx);
        TensorPrimitives.Multiply(dx, y, dx);
    }
}

internal readonly struct LogSoftmaxFunction : IRowFunction
{
    public static bool Reduces => false;

    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        float max = RowLoops.Max(x);
        x.CopyTo(y);
        float log = MathF.Log(RowLoops.ExpSum(y, max));
        TensorPrimitives.Subtract(x, max, y); // the large part first: max + log would swallow the logarithm
        TensorPrimitives.Subtract(y, log, y);
    }

    // dx = dy - exp(y) · Σ dy
    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Exp(y, dx);
        TensorPrimitives.MultiplyAdd(dx, -TensorPrimitives.Sum(dy), dy, dx);
    }
}

internal readonly struct LogSumExpFunction : IRowFunction
{
    public static bool Reduces => true;

    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        float max = RowLoops.Max(x);
        y[0] = max;
        if (float.IsInfinity(max)) return;
        Span<float> part = stackalloc float[Unary.Block];
        double sum = 0;
        for (int i = 0; i < x.Length; i += Unary.Block)
        {
            Span<float> block = part[..Math.Min(Unary.Block, x.Length - i)];
            x.Slice(i, block.Length).CopyTo(block);
            sum += RowLoops.ExpSum(block, max);
        }
        y[0] = (float)(max + Math.Log(sum));
    }

    // dx = dy · softmax(x)
    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        default(SoftmaxFunction).Forward(x, dx);
        TensorPrimitives.Multiply(dx, dy[0], dx);
    }
}

internal readonly struct EntropyFunction : IRowFunction
{
    public static bool Reduces => true;

    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        float max = RowLoops.Max(x);
        double sum = 0, along = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double shifted = (double)x[i] - max, weight = Math.Exp(shifted);
            sum += weight;
            if (weight > 0) along += weight * shifted;
        }
        y[0] = (float)(Math.Log(sum) - along / sum);
    }

    // dx_i = -dy · p_i (log p_i + H)
    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        default(LogSoftmaxFunction).Forward(x, dx);
        for (int i = 0; i < dx.Length; i++)
        {
            float weight = MathF.Exp(dx[i]);
            dx[i] = weight > 0 ? -dy[0] * weight * (dx[i] + y[0]) : 0;
        }
    }
}

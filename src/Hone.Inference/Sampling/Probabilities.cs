using System.Buffers;
using System.Numerics.Tensors;

namespace Hone.Inference.Sampling;

/// <summary>Numbers about a distribution given by logits, in fp64: thresholds are compared with sums over the whole vocabulary.</summary>
internal static class Probabilities
{
    /// <summary>p = softmax(logits); negative infinity gives 0.</summary>
    public static void Softmax(ReadOnlySpan<float> logits, Span<double> p)
    {
        Exponentials(logits, p, TensorPrimitives.Max(logits));
        TensorPrimitives.Divide(p, TensorPrimitives.Sum<double>(p), p);
    }

    /// <summary>log Σ exp(logits).</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double max = TensorPrimitives.Max(logits), sum = 0;
        if (double.IsNegativeInfinity(max)) return max;
        Span<double> part = stackalloc double[Block];
        for (int start = 0; start < logits.Length; start += Block)
        {
            int count = Math.Min(Block, logits.Length - start);
            Exponentials(logits.Slice(start, count), part[..count], max);
            sum += TensorPrimitives.Sum<double>(part[..count]);
        }
        return max + Math.Log(sum);
    }

    private const int Block = 512;

    private static void Exponentials(ReadOnlySpan<float> logits, Span<double> target, double max)
    {
        TensorPrimitives.ConvertTruncating(logits, target);
        TensorPrimitives.Subtract(target, max, target);
        TensorPrimitives.Exp<double>(target, target);
    }

    /// <summary>-Σ p log p in nats.</summary>
    public static double Entropy(ReadOnlySpan<double> p)
    {
        double sum = 0;
        foreach (double x in p)
            if (x > 0) sum -= x * Math.Log(x);
        return sum;
    }

    /// <summary>The <paramref name="k"/>-th largest value, k from 1 to the number of values (Hoare's selection).</summary>
    public static float KthLargest(ReadOnlySpan<float> values, int k)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(values.Length);
        Span<float> part = rented.AsSpan(0, values.Length);
        values.CopyTo(part);
        int target = values.Length - k; // ascending index
        while (part.Length > 1)
        {
            float pivot = MedianOfThree(part);
            int below = 0, above = part.Length - 1, i = 0;
            while (i <= above)
            {
                if (part[i] < pivot) (part[i], part[below]) = (part[below++], part[i++]);
                else if (part[i] > pivot) (part[i], part[above]) = (part[above--], part[i]);
                else i++;
            }
            if (target < below) part = part[..below];
            else if (target <= above)
            {
                part = part.Slice(below, 1);
                target = 0;
            }
            else
            {
                target -= above + 1;
                part = part[(above + 1)..];
            }
        }
        float result = part[0];
        ArrayPool<float>.Shared.Return(rented);
        return result;
    }

    private static float MedianOfThree(ReadOnlySpan<float> v)
    {
        float a = v[0], b = v[v.Length / 2], c = v[^1];
        return Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
    }
}

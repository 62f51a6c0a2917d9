using System.Buffers;
using System.Numerics.Tensors;

namespace Hone.Inference.Sampling;

/// <summary>Keeps the k best tokens and every token that ties with the k-th.</summary>
public sealed class TopK : ILogitsProcessor
{
    private readonly int k;

    public TopK(int k, int minKept = 1) => this.k = Math.Max(SamplingErrors.AtLeast("top-k", k, 1), SamplingErrors.AtLeast("tokens to keep", minKept, 1));

    public void Apply(Span<float> logits, TokenHistory history)
    {
        if (k >= logits.Length) return;
        float limit = Probabilities.KthLargest(logits, k);
        foreach (ref float logit in logits)
            if (logit < limit) logit = float.NegativeInfinity;
    }
}

/// <summary>
/// Nucleus sampling (Holtzman et al. 2020, arXiv:1904.09751): drops the least likely tokens as long as their probabilities sum
/// to at most 1 - p. The token that crosses the limit is kept; of equals the lower ids go first.
/// </summary>
public sealed class TopP : ILogitsProcessor
{
    private readonly double dropped;
    private readonly int minKept;

    public TopP(double p, int minKept = 1)
    {
        dropped = 1 - SamplingErrors.Share("top-p", p);
        this.minKept = SamplingErrors.AtLeast("tokens to keep", minKept, 1);
    }

    public void Apply(Span<float> logits, TokenHistory history)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(logits.Length);
        int[] order = ArrayPool<int>.Shared.Rent(logits.Length);
        Span<double> p = rented.AsSpan(0, logits.Length);
        Probabilities.Softmax(logits, p);
        Drop(logits, p, order);
        ArrayPool<double>.Shared.Return(rented);
        ArrayPool<int>.Shared.Return(order);
    }

    private void Drop(Span<float> logits, ReadOnlySpan<double> p, int[] order)
    {
        // Tokens of at most (1 - p) / V sum to at most 1 - p, so all of them go: only the rest has to be sorted. A margin for
        // rounding, and enough tokens for minKept, leave the border cases to the exact rule below.
        double surely = dropped / p.Length * (1 - 1e-9), sum = 0;
        int count = 0;
        for (int i = 0; i < p.Length; i++)
            if (p[i] > surely) order[count++] = i;
        if (count <= minKept) (surely, count) = (-1, All(order, p.Length));
        for (int i = 0; i < p.Length; i++)
        {
            if (p[i] > surely) continue;
            sum += p[i];
            logits[i] = float.NegativeInfinity;
        }
        Span<int> sorted = order.AsSpan(0, count);
        SortAscending(sorted, logits);
        for (int i = 0; i < count - minKept && (sum += p[sorted[i]]) <= dropped; i++) logits[sorted[i]] = float.NegativeInfinity;
    }

    private static int All(int[] order, int count)
    {
        for (int i = 0; i < count; i++) order[i] = i;
        return count;
    }

    /// <summary>
    /// By value, equals by index. Value and index in one whole number sort several times as fast as indices with a comparison.
    /// </summary>
    internal static void SortAscending(Span<int> indices, ReadOnlySpan<float> values)
    {
        ulong[] rented = ArrayPool<ulong>.Shared.Rent(indices.Length);
        Span<ulong> keys = rented.AsSpan(0, indices.Length);
        for (int i = 0; i < keys.Length; i++) keys[i] = ((ulong)Orderable(values[indices[i]]) << 32) | (uint)indices[i];
        keys.Sort();
        for (int i = 0; i < keys.Length; i++) indices[i] = (int)(uint)keys[i];
        ArrayPool<ulong>.Shared.Return(rented);
    }

    /// <summary>Bits that compare as the numbers do: negative numbers are stored with growing magnitude; -0 equals 0.</summary>
    private static uint Orderable(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
    }
}

/// <summary>Keeps tokens at least p times as likely as the best one (arXiv:2407.01082).</summary>
public sealed class MinP(double p, int minKept = 1) : ILogitsProcessor
{
    private readonly double p = SamplingErrors.Share("min-p", p);
    private readonly int minKept = SamplingErrors.AtLeast("tokens to keep", minKept, 1);

    public void Apply(Span<float> logits, TokenHistory history)
    {
        double limit = TensorPrimitives.Max(logits) + Math.Log(p); // probabilities compare as logits do
        // Rounding of the logarithm must not drop a token that ties with the best when p = 1.
        Threshold.Drop(logits, logit => logit < limit - 1e-12 * Math.Abs(limit), minKept);
    }
}

/// <summary>Keeps tokens more likely than a fixed probability (Hewitt et al. 2022, arXiv:2210.15191).</summary>
public sealed class EpsilonCutoff(double epsilon, int minKept = 1) : ILogitsProcessor
{
    private readonly double epsilon = SamplingErrors.Share("epsilon cutoff", epsilon, zero: false, one: false);
    private readonly int minKept = SamplingErrors.AtLeast("tokens to keep", minKept, 1);

    public void Apply(Span<float> logits, TokenHistory history)
    {
        double sum = Probabilities.LogSumExp(logits);
        Threshold.Drop(logits, logit => Math.Exp(logit - sum) < epsilon, minKept);
    }
}

/// <summary>Like <see cref="EpsilonCutoff"/> with a threshold of min(ε, √ε · exp(-entropy)) (arXiv:2210.15191, entropy in nats).</summary>
public sealed class EtaCutoff(double epsilon, int minKept = 1) : ILogitsProcessor
{
    private readonly double epsilon = SamplingErrors.Share("eta cutoff", epsilon, zero: false, one: false);
    private readonly int minKept = SamplingErrors.AtLeast("tokens to keep", minKept, 1);

    public void Apply(Span<float> logits, TokenHistory history)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(logits.Length);
        Span<double> p = rented.AsSpan(0, logits.Length);
        Probabilities.Softmax(logits, p);
        double limit = Math.Min(epsilon, Math.Sqrt(epsilon) * Math.Exp(-Probabilities.Entropy(p)));
        double sum = Probabilities.LogSumExp(logits);
        Threshold.Drop(logits, logit => Math.Exp(logit - sum) < limit, minKept);
        ArrayPool<double>.Shared.Return(rented);
    }
}

/// <summary>Keeps tokens within n standard deviations of the best logit (arXiv:2411.07641).</summary>
public sealed class TopNSigma(double n) : ILogitsProcessor
{
    private readonly double n = n > 0 ? n : throw SamplingErrors.Wrong("top-n-sigma", n, "a positive number");

    public void Apply(Span<float> logits, TokenHistory history)
    {
        double sum = 0, squares = 0;
        int count = 0;
        foreach (float logit in logits)
        {
            if (float.IsNegativeInfinity(logit)) continue;
            sum += logit;
            count++;
        }
        double mean = sum / count;
        foreach (float logit in logits)
            if (!float.IsNegativeInfinity(logit)) squares += (logit - mean) * (logit - mean);
        double limit = TensorPrimitives.Max(logits) - n * Math.Sqrt(squares / count);
        Threshold.Drop(logits, logit => logit < limit, 1);
    }
}

internal static class Threshold
{
    /// <summary>Forbids what the rule names, except the best <paramref name="minKept"/> tokens (ties with the last of them stay too).</summary>
    public static void Drop(Span<float> logits, Func<float, bool> drops, int minKept)
    {
        float kept = minKept == 1 ? TensorPrimitives.Max(logits) : Probabilities.KthLargest(logits, Math.Min(minKept, logits.Length));
        foreach (ref float logit in logits)
            if (logit < kept && drops(logit)) logit = float.NegativeInfinity;
    }
}

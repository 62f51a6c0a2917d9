using System.Buffers;

namespace Hone.Inference.Sampling;

/// <summary>
/// Locally typical sampling (Meister et al. 2023, arXiv:2202.00666): keeps the tokens whose information is closest to the
/// entropy until they hold the given mass.
/// </summary>
public sealed class TypicalP(double mass, int minKept = 1) : ILogitsProcessor
{
    private readonly double mass = SamplingErrors.Share("typical-p", mass, zero: false, one: false);
    private readonly int minKept = SamplingErrors.AtLeast("tokens to keep", minKept, 1);

    public void Apply(Span<float> logits, TokenHistory history)
    {
        int count = logits.Length;
        double[] p = ArrayPool<double>.Shared.Rent(count), distance = ArrayPool<double>.Shared.Rent(count);
        int[] order = ArrayPool<int>.Shared.Rent(count);
        Probabilities.Softmax(logits, p.AsSpan(0, count));
        double entropy = Probabilities.Entropy(p.AsSpan(0, count)), sum = Probabilities.LogSumExp(logits);
        for (int i = 0; i < count; i++) (distance[i], order[i]) = (Math.Abs(sum - logits[i] - entropy), i);
        order.AsSpan(0, count).Sort((a, b) => distance[a] != distance[b] ? distance[a].CompareTo(distance[b]) : a.CompareTo(b));
        double limit = distance[order[LastKept(p, order, count)]];
        for (int i = minKept; i < count; i++)
            if (distance[order[i]] > limit) logits[order[i]] = float.NegativeInfinity;
        ArrayPool<double>.Shared.Return(p);
        ArrayPool<double>.Shared.Return(distance);
        ArrayPool<int>.Shared.Return(order);
    }

    private int LastKept(double[] p, int[] order, int count)
    {
        double cumulative = 0;
        for (int i = 0; i < count; i++)
            if (!((cumulative += p[order[i]]) < mass)) return i;
        return count - 1;
    }
}

/// <summary>
/// Top-H (arXiv:2509.02510): takes tokens from the best down while their share of the entropy stays within
/// <c>h</c> times the entropy of the best hundred.
/// </summary>
public sealed class TopH(double h) : ILogitsProcessor
{
    private const int Considered = 100;

    private readonly double h = SamplingErrors.Share("top-h", h, zero: false);

    public void Apply(Span<float> logits, TokenHistory history)
    {
        int count = Math.Min(Considered, logits.Length);
        int[] order = Best(logits, count);
        float[] top = [.. Pick(logits, order)];
        double[] p = new double[count];
        Probabilities.Softmax(top, p);
        double limit = Probabilities.Entropy(p) * h, cumulative = 0;
        logits.Fill(float.NegativeInfinity);
        logits[order[0]] = top[0];
        for (int i = 0; i < count && p[i] > 0; i++)
        {
            cumulative -= p[i] * Math.Log(p[i]);
            if (cumulative <= limit) logits[order[i]] = top[i];
        }
    }

    private static int[] Best(Span<float> logits, int count)
    {
        float limit = Probabilities.KthLargest(logits, count);
        List<int> best = [];
        for (int i = 0; i < logits.Length; i++)
            if (logits[i] >= limit) best.Add(i);
        int[] order = [.. best];
        TopP.SortAscending(order, logits);
        Array.Reverse(order);
        return order[..count];
    }

    private static float[] Pick(Span<float> logits, int[] order)
    {
        float[] picked = new float[order.Length];
        for (int i = 0; i < order.Length; i++) picked[i] = logits[order[i]];
        return picked;
    }
}

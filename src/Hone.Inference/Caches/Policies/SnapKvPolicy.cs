using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>How votes of neighbouring tokens are smoothed.</summary>
public enum VotePooling
{
    /// <summary>Mean, the places beyond the ends counted as 0.</summary>
    Mean,

    /// <summary>Largest.</summary>
    Max,
}

/// <summary>Options of <see cref="SnapKvPolicy"/>.</summary>
public record SnapKvOptions
{
    /// <summary>Last tokens whose attention votes; they are kept themselves.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Window { get; init; } = 32;

    /// <summary>Width of the smoothing, odd.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Kernel { get; init; } = 5;

    /// <summary>How votes of neighbouring tokens are smoothed.</summary>
    public VotePooling Pooling { get; init; }
}

/// <summary>
/// Keeps what the last tokens attend to: their mean attention, smoothed over neighbours, averaged over the query heads of a key head.
/// Li et al. 2024, arXiv:2404.14469.
/// </summary>
[Component("snapkv")]
public sealed class SnapKvPolicy(SnapKvOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new SnapKvScorer(options, new RecentQueries(options.Window));
}

/// <summary>Votes of the last queries.</summary>
/// <param name="options">Window and smoothing.</param>
/// <param name="recent">The last queries.</param>
/// <param name="isNormalised">Whether a query counts as often as it has tokens before it.</param>
internal sealed class SnapKvScorer(SnapKvOptions options, RecentQueries recent, bool isNormalised = false) : ILayerScorer
{
    public void Observe(IKvView view, ReadOnlySpan<float> queries) => recent.Add(view, queries);

    public void Score(IKvView view, KvTarget target, float[][] scores)
    {
        int window = recent.Positions.Length, from = view.NextPosition - window;
        float largest = float.NegativeInfinity;
        int[] voted = new int[scores.Length];
        for (int head = 0; head < scores.Length; head++)
        {
            voted[head] = view.SlotsBefore(head, from);
            Span<float> votes = scores[head].AsSpan(0, voted[head]);
            Votes(view, head, voted[head], votes);
            if (votes.Length > 0) largest = Math.Max(largest, TensorPrimitives.Max<float>(votes));
        }
        for (int head = 0; head < scores.Length; head++) scores[head].AsSpan(voted[head]).Fill(float.IsFinite(largest) ? largest + 1 : 1);
    }

    public void Renumbered() => recent.Clear();

    public ILayerScorer Fork() => new SnapKvScorer(options, recent.Fork(), isNormalised);

    /// <summary>[voted] smoothed mean attention on the slots before the window.</summary>
    private void Votes(IKvView view, int head, int voted, Span<float> votes)
    {
        int group = view.Layer.Group;
        Sums sums = new(group, voted, isNormalised ? voted : null);
        AttentionRows.Run(view, head, recent.Queries, recent.Positions, ref sums);
        float[] pooled = new float[voted];
        for (int g = 0; g < group; g++)
        {
            VoteSmoothing.Pool(sums.Totals.AsSpan(g * voted, voted), pooled, options.Kernel, options.Pooling);
            for (int slot = 0; slot < voted; slot++) votes[slot] += pooled[slot] / group / Math.Max(1, recent.Positions.Length);
        }
    }

    /// <summary>Sums of rows for each query head, over the first slots.</summary>
    private readonly struct Sums(int group, int slots, int? before) : IAttentionRow
    {
        public float[] Totals { get; } = new float[group * slots];

        public void Take(int query, int groupHead, Span<float> probabilities)
        {
            Span<float> total = Totals.AsSpan(groupHead * slots, slots);
            if (before is { } tokens) TensorPrimitives.MultiplyAdd(probabilities[..slots], tokens + query, total, total);
            else TensorPrimitives.Add(total, probabilities[..slots], total);
        }
    }
}

/// <summary>One-dimensional pooling with stride 1.</summary>
internal static class VoteSmoothing
{
    public static void Pool(ReadOnlySpan<float> votes, Span<float> pooled, int kernel, VotePooling pooling)
    {
        int half = kernel / 2;
        for (int i = 0; i < votes.Length; i++)
        {
            ReadOnlySpan<float> near = votes[Math.Max(0, i - half)..Math.Min(votes.Length, i - half + kernel)];
            if (pooling == VotePooling.Max)
            {
                pooled[i] = TensorPrimitives.Max(near);
                continue;
            }
            double sum = 0;
            foreach (float vote in near) sum += vote;
            pooled[i] = (float)(sum / kernel);
        }
    }
}

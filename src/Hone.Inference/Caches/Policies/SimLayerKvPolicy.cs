using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="SimLayerKvPolicy"/>.</summary>
public sealed record SimLayerKvOptions
{
    /// <summary>Attention on first and recent tokens above which a layer counts as lazy; 1 calls none lazy.</summary>
    [Limits(AtLeast = 0, AtMost = 1), Unit("share")]
    public double Threshold { get; init; } = 0.9;

    /// <summary>Last tokens whose attention is looked at.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Last { get; init; } = 1;

    /// <summary>Recent tokens that a lazy layer keeps, <see cref="Last"/> of them not counted.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Recent { get; init; } = 1024;

    /// <summary>First tokens that a lazy layer keeps.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Initial { get; init; } = 4;
}

/// <summary>
/// Layers whose last tokens look at the first and the recent tokens alone keep only those; the others keep all. How much that saves
/// is for the text to decide. Zhang et al. 2024 (SimLayerKV), arXiv:2410.13846.
/// </summary>
[Component("simlayerkv")]
public sealed class SimLayerKvPolicy(SimLayerKvOptions options) : IKvPolicy
{
    public bool HasBudget => false;

    public bool WorksWhileDecoding => false;

    public IKvAllocator Allocator { get; } = new PositiveAllocator();

    public ILayerScorer Scorer(KvLayer layer) => new LazinessScorer(options, new RecentQueries(options.Last));

    /// <summary>1 for what is kept, 0 for the rest.</summary>
    private sealed class LazinessScorer(SimLayerKvOptions options, RecentQueries recent) : ILayerScorer
    {
        public void Observe(IKvView view, ReadOnlySpan<float> queries) => recent.Add(view, queries);

        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            int slots = view.Count(0);
            foreach (float[] head in scores) Array.Fill(head, 1);
            if (options.Threshold >= 1 || slots <= options.Initial + options.Recent + options.Last || Attention(view, slots) <= options.Threshold) return;
            foreach (float[] head in scores) head.AsSpan(options.Initial..(slots - options.Recent + options.Last)).Clear();
        }

        public void Renumbered() => recent.Clear();

        public ILayerScorer Fork() => new LazinessScorer(options, recent.Fork());

        /// <summary>Mean share of attention on the first and the recent of the slots before the last tokens.</summary>
        private double Attention(IKvView view, int slots)
        {
            Sum sum = new(slots);
            for (int head = 0; head < view.Layer.KvHeads; head++) AttentionRows.Run(view, head, recent.Queries, recent.Positions, ref sum);
            ReadOnlySpan<double> before = sum.Total.AsSpan(0, slots - options.Last);
            double attention = 0;
            foreach (double share in before[..options.Initial]) attention += share;
            foreach (double share in before[^options.Recent..]) attention += share;
            return attention / (view.Layer.Attention.Heads * recent.Positions.Length);
        }
    }

    private readonly struct Sum(int slots) : IAttentionRow
    {
        public double[] Total { get; } = new double[slots];

        public void Take(int query, int groupHead, Span<float> probabilities)
        {
            for (int slot = 0; slot < probabilities.Length; slot++) Total[slot] += probabilities[slot];
        }
    }

    private sealed class PositiveAllocator : IKvAllocator
    {
        public KvSelection Select(KvScores scores, KvTarget target) => KvSelection.Best(scores, (layer, head) =>
        {
            int kept = 0;
            foreach (float score in scores[layer, head]) kept += score > 0 ? 1 : 0;
            return kept;
        });
    }
}

using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="H2oPolicy"/>.</summary>
public sealed record H2oOptions
{
    /// <summary>Share of the budget that goes to the newest tokens; the rest goes to those attended to most.</summary>
    [Limits(AtLeast = 0, AtMost = 1), Unit("share")]
    public double RecentShare { get; init; } = 0.5;

    /// <summary>Newest tokens kept, instead of a share.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int? Window { get; init; }
}

/// <summary>
/// Heavy hitters: the tokens that received most attention from all queries so far, and the newest. With <c>every=1</c> as the paper
/// does it, one goes for each that comes. Zhang et al. 2023, arXiv:2306.14048.
/// </summary>
[Component("h2o")]
public sealed class H2oPolicy(H2oOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new H2oScorer(options, new AttentionSums(layer.KvHeads));

    private sealed class H2oScorer(H2oOptions options, AttentionSums sums) : ILayerScorer
    {
        public void Observe(IKvView view, ReadOnlySpan<float> queries) => sums.Observe(view, queries);

        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            int recent = options.Window ?? (int)(target.Kept * options.RecentShare);
            for (int head = 0; head < scores.Length; head++)
                for (int slot = 0; slot < scores[head].Length; slot++)
                    scores[head][slot] = slot >= scores[head].Length - recent ? float.MaxValue : (float)sums[head][slot];
        }

        public void Keep(int kvHead, ReadOnlySpan<int> slots) => sums.Keep(kvHead, slots);

        public ILayerScorer Fork() => new H2oScorer(options, sums.Fork());
    }
}

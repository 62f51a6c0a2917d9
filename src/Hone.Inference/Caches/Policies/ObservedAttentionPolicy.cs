using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Keeps what all queries attended to, divided by how many could: H2O without its preference for early tokens.</summary>
[Component("observed_attention")]
public sealed class ObservedAttentionPolicy : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new ObservedScorer(new AttentionSums(layer.KvHeads));

    private sealed class ObservedScorer(AttentionSums sums) : ILayerScorer
    {
        public void Observe(IKvView view, ReadOnlySpan<float> queries) => sums.Observe(view, queries);

        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            for (int head = 0; head < scores.Length; head++)
                for (int slot = 0; slot < scores[head].Length; slot++)
                    scores[head][slot] = (float)(sums[head][slot] / (view.NextPosition - view.Positions(head)[slot]));
        }

        public void Keep(int kvHead, ReadOnlySpan<int> slots) => sums.Keep(kvHead, slots);

        public ILayerScorer Fork() => new ObservedScorer(sums.Fork());
    }
}

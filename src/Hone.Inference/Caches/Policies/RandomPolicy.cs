using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="RandomPolicy"/>.</summary>
public sealed record RandomPolicyOptions
{
    /// <summary>Which random choice.</summary>
    public long Seed { get; init; }
}

/// <summary>Keeps tokens at random: the least a policy has to beat.</summary>
[Component("random")]
public sealed class RandomPolicy(RandomPolicyOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new RandomScorer(options.Seed);

    private sealed class RandomScorer(long seed) : ILayerScorer
    {
        // A token's number depends on where it is alone, so that one dropped now would be dropped later too.
        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            RandomStream layer = new RandomStream(seed, "kv/random").Derive(view.Layer.Index);
            for (int head = 0; head < scores.Length; head++)
            {
                RandomStream stream = layer.Derive(head);
                ReadOnlySpan<int> positions = view.Positions(head);
                for (int slot = 0; slot < positions.Length; slot++)
                {
                    stream.Position = (ulong)positions[slot];
                    scores[head][slot] = stream.NextSingle();
                }
            }
        }
    }
}

using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Keeps every token.</summary>
[Component("full")]
public sealed class FullPolicy : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => Nothing.Instance;

    private sealed class Nothing : ILayerScorer
    {
        public static Nothing Instance { get; } = new();

        public void Score(IKvView view, KvTarget target, float[][] scores) { }
    }
}

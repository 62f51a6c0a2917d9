using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Keeps short keys, which attention favours. Devoto et al. 2024, arXiv:2406.11430.</summary>
[Component("knorm")]
public sealed class KnormPolicy : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new KeyScorer((keys, size, scores) =>
    {
        for (int slot = 0; slot < scores.Length; slot++) scores[slot] = -TensorPrimitives.Norm(keys.AsSpan(slot * size, size));
    });
}

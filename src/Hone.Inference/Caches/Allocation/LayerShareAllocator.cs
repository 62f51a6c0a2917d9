using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="LayerShareAllocator"/>.</summary>
public sealed record LayerShareOptions
{
    /// <summary>Share that each layer keeps, first layer first; <c>keep</c> is left at any value below 1.</summary>
    public required IReadOnlyList<double> Shares { get; init; }
}

/// <summary>Each layer keeps the share it is told.</summary>
[Component("layer_shares")]
public sealed class LayerShareAllocator(LayerShareOptions options) : IKvAllocator
{
    public KvSelection Select(KvScores scores, KvTarget target)
    {
        if (options.Shares.Count != scores.Layers) throw new HoneException($"{options.Shares.Count} shares for {scores.Layers} layers. Give one for each.");
        if (options.Shares.Any(share => !(share > 0 && share <= 1))) throw new HoneException("a layer's share is not above 0 and at most 1.");
        return KvSelection.Best(scores, (layer, _) => Math.Max(1, (int)(target.Tokens * options.Shares[layer])));
    }
}

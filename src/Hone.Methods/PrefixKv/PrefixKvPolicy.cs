using Hone.Core.Recipes;
using Hone.Inference.Caches;

namespace Hone.Methods.PrefixKv;

/// <summary>
/// Keeps the tokens that received most attention, averaged over all heads of a layer, which keep the same ones; layers share the
/// budget so that each holds the same share of its importance. Wang et al. 2024, arXiv:2412.03409.
/// </summary>
[Component("prefixkv")]
public sealed class PrefixKvPolicy(PrefixKvOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new PrefixScorer(options, layer.KvHeads);

    public IKvAllocator Allocator => new PrefixAllocator(options);
}

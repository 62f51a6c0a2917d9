using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="PyramidKvPolicy"/>.</summary>
public sealed record PyramidKvOptions : SnapKvOptions
{
    /// <summary>The last layer keeps 1/β of the mean.</summary>
    [Limits(AtLeast = 1)]
    public double Beta { get; init; } = 20;

    /// <summary>Whether a layer's number includes the window (as in kvpress), or the window comes on top of it (as in the paper's code).</summary>
    public bool WindowInside { get; init; } = true;
}

/// <summary>SnapKV's votes, with more tokens for lower layers. Cai et al. 2024, arXiv:2406.02069.</summary>
[Component("pyramidkv")]
public sealed class PyramidKvPolicy(PyramidKvOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new SnapKvScorer(options, new RecentQueries(options.Window));

    public IKvAllocator Allocator => new PyramidAllocator(new PyramidOptions { Beta = options.Beta, Window = options.Window, WindowInside = options.WindowInside });
}

using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="AdaKvPolicy"/>.</summary>
public sealed record AdaKvPolicyOptions : SnapKvOptions
{
    /// <summary>Share of its even budget that every head keeps at least.</summary>
    [Limits(AtLeast = 0, AtMost = 1), Unit("share")]
    public double Safeguard { get; init; } = 0.2;
}

/// <summary>SnapKV's votes, ranked over all heads of a layer together; for other votes say <c>allocate=adakv</c>.</summary>
[Component("adakv")]
public sealed class AdaKvPolicy(AdaKvPolicyOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new SnapKvScorer(options, new RecentQueries(options.Window));

    public IKvAllocator Allocator => new AdaKvAllocator(new AdaKvOptions { Safeguard = options.Safeguard });
}

using Hone.Models.Config;
using Hone.Models.Decoder;

namespace Hone.Inference.Caches;

/// <summary>Exact fp32 keys and values of one sequence. Forks share the pages of their common beginning.</summary>
internal sealed class PagedKvCache : IKvCache
{
    private readonly PagedLayerCache[] layers;
    private readonly long bytesPerToken;
    private long peak;

    public PagedKvCache(ModelConfig config, KvPagePool pool)
    {
        layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new PagedLayerCache(pool))];
        bytesPerToken = config.KvBytesPerToken;
    }

    private PagedKvCache(PagedKvCache origin)
    {
        layers = [.. origin.layers.Select(layer => layer.Fork())];
        (bytesPerToken, peak) = (origin.bytesPerToken, origin.peak);
    }

    public int Length => layers[0].Length;

    public ILayerCache this[int layer] => layers[layer];

    public KvMemory Memory => new(Length * bytesPerToken, layers.Sum(layer => layer.AllocatedBytes), Math.Max(peak, Length * bytesPerToken));

    public void EndPass() => peak = Math.Max(peak, Length * bytesPerToken);

    public void Truncate(int length)
    {
        foreach (PagedLayerCache layer in layers) layer.Truncate(length);
    }

    public IKvCache Fork() => new PagedKvCache(this);

    public void Dispose() => Truncate(0);
}

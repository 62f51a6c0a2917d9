using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors.Ops;

namespace Hone.Inference.Caches;

/// <summary>
/// What a model with latent attention (EliteKV) remembers of one sequence: the rotated part of its keys and one latent for each token
/// and layer, 2 r K + c numbers instead of 2 K D.
/// </summary>
public sealed class LatentKvCache : IKvCache
{
    private readonly Layer[] layers;
    private long peak;

    /// <summary>An empty cache.</summary>
    /// <exception cref="HoneException">The model keeps whole heads.</exception>
    public LatentKvCache(ModelConfig config)
    {
        LatentConfig latent = config.Latent ?? throw new HoneException("a latent cache serves only models converted by 'hone kv elite convert'; this one keeps whole heads.");
        layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new Layer(2 * latent.Chunks * config.KvHeads, latent.Width))];
    }

    private LatentKvCache(LatentKvCache origin) => (layers, peak) = ([.. origin.layers.Select(layer => layer.Fork())], origin.peak);

    public int Length => layers[0].Length;

    public ILayerCache this[int layer] => layers[layer];

    public KvMemory Memory => new(Bytes, layers.Sum(layer => layer.AllocatedBytes), Math.Max(peak, Bytes));

    private long Bytes => layers.Sum(layer => layer.Bytes);

    public void EndPass() => peak = Math.Max(peak, Bytes);

    public void Truncate(int length)
    {
        if (length > Length) throw new ArgumentOutOfRangeException(nameof(length), $"{length} of {Length} tokens");
        foreach (Layer layer in layers) layer.Truncate(length);
    }

    public IKvCache Fork() => new LatentKvCache(this);

    public void Dispose()
    {
        foreach (Layer layer in layers) layer.Dispose();
    }

    private sealed class Layer : ILatentLayerCache, IDisposable
    {
        private readonly HeadRows? rotated;
        private readonly HeadRows latents;

        public Layer(int rotatedWidth, int latentWidth) : this(rotatedWidth == 0 ? null : new HeadRows(rotatedWidth), new HeadRows(latentWidth)) { }

        private Layer(HeadRows? rotated, HeadRows latents) => (this.rotated, this.latents) = (rotated, latents);

        public int Length => latents.Count;

        public ReadOnlySpan<float> Rotated => rotated is null ? [] : rotated.Span;

        public ReadOnlySpan<float> Latents => latents.Span;

        public long Bytes => sizeof(float) * (long)Length * ((rotated?.Size ?? 0) + latents.Size);

        public long AllocatedBytes => (rotated?.AllocatedBytes ?? 0) + latents.AllocatedBytes;

        public void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
        {
            for (int at = 0; at < values.Length; at += latents.Size) latents.Add(values.Slice(at, latents.Size));
            if (rotated is null) return;
            for (int at = 0; at < keys.Length; at += rotated.Size) rotated.Add(keys.Slice(at, rotated.Size));
        }

        public void Attend(AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output) =>
            throw new InvalidOperationException("a latent is attended to by its own layer, which knows how to read it");

        public void Truncate(int length)
        {
            rotated?.DropLast(Length - length);
            latents.DropLast(Length - length);
        }

        public Layer Fork() => new(rotated?.Fork(), latents.Fork());

        public void Dispose()
        {
            rotated?.Dispose();
            latents.Dispose();
        }
    }
}

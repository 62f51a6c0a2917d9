using Hone.Models.Config;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>
/// Attention with r rotated chunks for each head and the rest of keys and values from a low-rank latent (EliteKV, arXiv:2503.01586,
/// J-LRD and S-LRD). Training and prompts expand the latent to whole heads; generation works on the latent itself.
/// </summary>
internal sealed class LatentAttentionLayer : IAttention
{
    // With more new tokens than these, expanding the stored latents once costs less than carrying every query into the latent space.
    private const int FewTokens = 8;

    private readonly ModelConfig config;
    private readonly LatentConfig latent;
    private readonly AttentionOptions options;
    private readonly LatentRope rope;
    private readonly LinearLayer? queryRotated, queryPlain, keyRotated, down, keyDown, valueDown, up, keyUp, valueUp;
    private readonly LinearLayer output;

    public LatentAttentionLayer(ModelBuilder builder, string prefix, int layer)
    {
        (config, latent) = (builder.Config, builder.Config.Latent!);
        (options, rope) = (config.Attention(layer), new LatentRope(config, layer));
        (int width, int size, int heads, int keys, int rotated, int plain) =
            (config.HiddenSize, config.HeadSize, config.Heads, config.KvHeads, 2 * latent.Chunks, config.HeadSize - 2 * latent.Chunks);
        if (rotated > 0)
        {
            queryRotated = builder.Linear($"{prefix}.q_rope_proj", heads * rotated, width);
            keyRotated = builder.Linear($"{prefix}.k_rope_proj", keys * rotated, width);
        }
        if (plain > 0) queryPlain = builder.Linear($"{prefix}.q_nope_proj", heads * plain, width);
        if (latent.IsJoint)
        {
            down = builder.Linear($"{prefix}.kv_down_proj", latent.KeyRank, width);
            up = builder.Linear($"{prefix}.kv_up_proj", keys * (plain + size), latent.KeyRank);
        }
        else
        {
            if (plain > 0)
            {
                keyDown = builder.Linear($"{prefix}.k_down_proj", latent.KeyRank, width);
                keyUp = builder.Linear($"{prefix}.k_up_proj", keys * plain, latent.KeyRank);
            }
            valueDown = builder.Linear($"{prefix}.v_down_proj", latent.ValueRank, width);
            valueUp = builder.Linear($"{prefix}.v_up_proj", keys * size, latent.ValueRank);
        }
        output = builder.Linear($"{prefix}.o_proj", width, config.QueryWidth, config.OutputBias);
    }

    /// <inheritdoc/>
    public Tensor Forward(Tape tape, Tensor x, ForwardContext context)
    {
        LatentParts parts = Project(tape, x, context);
        Segments segments = context.Batch.Segments;
        Tensor mixed = context.State.Caches is not { } caches ? Expanded(tape, parts, segments)
            : caches.All(cache => cache[rope.Layer] is ILatentLayerCache) ? Cached(tape, parts, segments, [.. caches.Select(cache => (ILatentLayerCache)cache[rope.Layer])])
            : WholeHeads(tape, parts, segments, caches);
        return output.Forward(tape, mixed);
    }

    private LatentParts Project(Tape tape, Tensor x, ForwardContext context)
    {
        Tensor? q = queryRotated?.Forward(tape, x), k = keyRotated?.Forward(tape, x);
        if (q is not null && k is not null)
        {
            q = context.Rotate(tape, q, rope.Queries, rope.DependsOnLength);
            k = context.Rotate(tape, k, rope.Keys, rope.DependsOnLength);
        }
        Tensor u = down is not null ? down.Forward(tape, x)
            : keyDown is null ? valueDown!.Forward(tape, x)
            : tape.Concat(1, keyDown.Forward(tape, x), valueDown!.Forward(tape, x));
        return new(q, queryPlain?.Forward(tape, x), k, u);
    }

    private Tensor Expanded(Tape tape, LatentParts parts, Segments segments)
    {
        (Tensor k, Tensor v) = Expand(tape, parts.KeyRotated, parts.Latent);
        return tape.Attention(Join(tape, parts.QueryRotated, parts.QueryPlain, config.Heads), k, v, segments, options);
    }

    /// <summary>A cache of whole heads: it stores what this one is made to save, and gives the same result.</summary>
    private Tensor WholeHeads(Tape tape, LatentParts parts, Segments segments, IReadOnlyList<IKvCache> caches)
    {
        (Tensor k, Tensor v) = Expand(tape, parts.KeyRotated, parts.Latent);
        return CachedAttention.Run(tape, Join(tape, parts.QueryRotated, parts.QueryPlain, config.Heads), k, v, segments, caches, rope.Layer, options);
    }

    private Tensor Cached(Tape tape, LatentParts parts, Segments segments, ILatentLayerCache[] caches)
    {
        bool fresh = true;
        for (int s = 0; s < caches.Length; s++)
        {
            fresh &= caches[s].Length == 0;
            caches[s].Append(Part(parts.KeyRotated, segments, s), Part(parts.Latent, segments, s));
        }
        if (fresh) return Expanded(tape, parts, segments);
        if (segments.MaxLength <= FewTokens && Weights() is { } weights) return LatentAttention.Run(tape, parts, segments, caches, weights, options);
        Tensor[] mixed = new Tensor[caches.Length];
        for (int s = 0; s < caches.Length; s++) mixed[s] = FromStored(tape, parts, segments, s, caches[s]);
        return tape.Concat(0, mixed);
    }

    /// <summary>Many new tokens over what is stored: the latents are expanded again.</summary>
    private Tensor FromStored(Tape tape, LatentParts parts, Segments segments, int s, ILatentLayerCache cache)
    {
        int stored = cache.Length, rotated = 2 * latent.Chunks * config.KvHeads;
        Tensor? keys = rotated == 0 ? null : tape.Constant((stored, rotated), cache.Rotated);
        (Tensor k, Tensor v) = Expand(tape, keys, tape.Constant((stored, latent.Width), cache.Latents));
        Tensor q = Join(tape, Slice(tape, parts.QueryRotated, segments, s), Slice(tape, parts.QueryPlain, segments, s), config.Heads);
        return tape.Attention(q, k, v, new Segments(segments.Length(s)), new Segments(stored), options);
    }

    /// <summary>Whole keys and values [N, K · D].</summary>
    private (Tensor Keys, Tensor Values) Expand(Tape tape, Tensor? rotated, Tensor u)
    {
        (int keys, int size, int plain) = (config.KvHeads, config.HeadSize, config.HeadSize - 2 * latent.Chunks);
        if (up is not null)
        {
            Tensor both = up.Forward(tape, u);
            if (plain == 0) return (rotated!, both);
            Tensor heads = tape.View(both, (both.Shape.Rows * keys, plain + size));
            Tensor values = tape.View(tape.Slice(heads, 1, plain, size), (u.Shape.Rows, keys * size));
            return (Join(tape, rotated, tape.Slice(heads, 1, 0, plain), keys), values);
        }
        if (keyUp is null) return (rotated!, valueUp!.Forward(tape, u));
        Tensor k = keyUp.Forward(tape, tape.Slice(u, 1, 0, latent.KeyRank));
        return (Join(tape, rotated, k, keys), valueUp!.Forward(tape, tape.Slice(u, 1, latent.KeyRank, latent.ValueRank)));
    }

    /// <summary>[rotated | plain] of each head: [N, heads · D].</summary>
    private Tensor Join(Tape tape, Tensor? rotated, Tensor? plain, int heads)
    {
        if (rotated is null) return plain!.Shape.Last == heads * config.HeadSize ? plain : tape.View(plain, (plain.Shape.Rows / heads, heads * config.HeadSize));
        if (plain is null) return rotated;
        int rows = rotated.Shape.Rows * heads, first = 2 * latent.Chunks, second = config.HeadSize - first;
        Tensor joined = tape.Concat(1, tape.View(rotated, (rows, first)), tape.View(plain, (rows, second)));
        return tape.View(joined, (rotated.Shape.Rows, heads * config.HeadSize));
    }

    /// <summary>The matrices that read the latent; null where adapters or few bits stand in the way of using them directly.</summary>
    private LatentWeights? Weights()
    {
        LinearLayer[] used = [.. new[] { up, keyUp, valueUp }.OfType<LinearLayer>()];
        if (used.Any(layer => layer.Adapters.Count > 0 || layer.Quantized is not null)) return null;
        return up is not null ? LatentWeights.Joint(up.Weight.Value, config) : LatentWeights.Separate(keyUp?.Weight.Value, valueUp!.Weight.Value, config);
    }

    private static Tensor? Slice(Tape tape, Tensor? x, Segments segments, int s) => x is null ? null : tape.Slice(x, 0, segments.Start(s), segments.Length(s));

    private static ReadOnlySpan<float> Part(Tensor? x, Segments segments, int s) =>
        x is null ? [] : x.Data.Slice(segments.Start(s) * x.Shape.Last, segments.Length(s) * x.Shape.Last);
}

/// <summary>A layer's projections of the tokens of one pass.</summary>
/// <param name="QueryRotated">[N, H · 2r]; null when nothing rotates.</param>
/// <param name="QueryPlain">[N, H · (D - 2r)]; null when everything rotates.</param>
/// <param name="KeyRotated">[N, K · 2r]; null when nothing rotates.</param>
/// <param name="Latent">[N, c].</param>
internal sealed record LatentParts(Tensor? QueryRotated, Tensor? QueryPlain, Tensor? KeyRotated, Tensor Latent);

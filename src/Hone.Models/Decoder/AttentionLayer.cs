using Hone.Models.Config;
using Hone.Models.Decoder.Together;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>The first half of a block: mixes tokens.</summary>
internal interface IAttention
{
    /// <summary>[N, C] → [N, C].</summary>
    Tensor Forward(Tape tape, Tensor x, ForwardContext context);
}

/// <summary>Causal grouped-query attention with its projections.</summary>
internal sealed class AttentionLayer : IAttention
{
    private readonly ModelConfig config;
    private readonly int layer;
    private readonly AttentionOptions options;
    private readonly LinearLayer? query, key, value, fused;
    private readonly LinearLayer output;
    private readonly NormLayer? queryNorm, keyNorm;

    public AttentionLayer(ModelBuilder builder, string prefix, int layer)
    {
        (config, this.layer) = (builder.Config, layer);
        (int queries, int keys, int width) = (config.QueryWidth, config.KvWidth, config.HiddenSize);
        if (config.Layout == WeightLayout.Llama)
        {
            query = builder.Linear($"{prefix}.q_proj", queries, width, config.QkvBias);
            key = builder.Linear($"{prefix}.k_proj", keys, width, config.QkvBias);
            value = builder.Linear($"{prefix}.v_proj", keys, width, config.QkvBias);
        }
        else
        {
            string name = config.Layout == WeightLayout.Gpt2 ? "c_attn" : "qkv_proj";
            fused = builder.Linear($"{prefix}.{name}", queries + 2 * keys, width, config.QkvBias);
        }
        output = builder.Linear($"{prefix}.{(config.Layout == WeightLayout.Gpt2 ? "c_proj" : "o_proj")}", width, queries, config.OutputBias);
        if (config.QkNorm != QkNorm.None)
        {
            bool heads = config.QkNorm == QkNorm.PerHead;
            queryNorm = builder.Norm($"{prefix}.q_norm", heads ? config.HeadSize : queries);
            keyNorm = builder.Norm($"{prefix}.k_norm", heads ? config.HeadSize : keys);
        }
        options = config.Attention(layer);
    }

    /// <summary>Matrices and settings where the projections are separate; null otherwise.</summary>
    public AttentionParts? Parts => fused is null
        ? new(query!, key!, value!, output, queryNorm, keyNorm, options, config.LayerConfigs[layer].Rope)
        : null;

    /// <summary>[N, C] → [N, C].</summary>
    public Tensor Forward(Tape tape, Tensor x, ForwardContext context)
    {
        (Tensor q, Tensor k, Tensor v) = Project(tape, x);
        if (queryNorm is not null && keyNorm is not null) (q, k) = (queryNorm.ForwardHeads(tape, q), keyNorm.ForwardHeads(tape, k));
        LayerRope rope = config.LayerConfigs[layer].Rope;
        q = context.Rotate(tape, q, rope);
        k = context.Rotate(tape, k, rope);
        Segments segments = context.Batch.Segments;
        Tensor mixed = context.State.Caches is { } caches
            ? CachedAttention.Run(tape, q, k, v, segments, caches, layer, options)
            : tape.Attention(q, k, v, segments, options);
        return output.Forward(tape, mixed);
    }

    private (Tensor Q, Tensor K, Tensor V) Project(Tape tape, Tensor x)
    {
        if (fused is null)
        {
            Tensor[] parts = LinearLayer.ForwardAll(tape, x, query!, key!, value!);
            return (parts[0], parts[1], parts[2]);
        }
        Tensor all = fused.Forward(tape, x);
        (int queries, int keys) = (config.QueryWidth, config.KvWidth);
        return (tape.Slice(all, 1, 0, queries), tape.Slice(all, 1, queries, keys), tape.Slice(all, 1, queries + keys, keys));
    }
}

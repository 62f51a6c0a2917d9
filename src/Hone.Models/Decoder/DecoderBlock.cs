using Hone.Models.Config;
using Hone.Models.Decoder.Together;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>x + attention(norm(x)), then x + mlp(norm(x)), with the norms where the architecture has them.</summary>
internal sealed class DecoderBlock : IBlock
{
    private readonly IAttention attention;
    private readonly IMlp mlp;
    private readonly NormLayer? beforeAttention, afterAttention, beforeMlp, afterMlp;

    public DecoderBlock(ModelBuilder builder, string prefix, int layer)
    {
        ModelConfig config = builder.Config;
        bool gpt2 = config.Layout == WeightLayout.Gpt2;
        NormPlacement placement = config.NormPlacement;
        if (placement != NormPlacement.After) beforeAttention = Norm(gpt2 ? "ln_1" : "input_layernorm");
        string name = $"{prefix}.{(gpt2 ? "attn" : "self_attn")}";
        attention = config.Latent is null ? new AttentionLayer(builder, name, layer) : new LatentAttentionLayer(builder, name, layer);
        if (placement != NormPlacement.Before) afterAttention = Norm("post_attention_layernorm");
        if (placement == NormPlacement.Before) beforeMlp = Norm(gpt2 ? "ln_2" : "post_attention_layernorm");
        if (placement == NormPlacement.Both) beforeMlp = Norm("pre_feedforward_layernorm");
        mlp = config.LayerConfigs[layer].Sparse ? new MoeMlp(builder, $"{prefix}.{config.Moe!.Prefix}") : new DenseMlp(builder, $"{prefix}.mlp");
        if (placement != NormPlacement.Before) afterMlp = Norm("post_feedforward_layernorm");
        if (placement == NormPlacement.Before && attention is AttentionLayer { Parts: { } attentionParts } && mlp is DenseMlp { Parts: { } mlpParts })
            Plain = new(layer, attentionParts, mlpParts, beforeAttention!, beforeMlp!);

        NormLayer Norm(string name) => builder.Norm($"{prefix}.{name}", config.HiddenSize);
    }

    /// <summary>Its parts, if it is of the usual kind.</summary>
    internal PlainLayer? Plain { get; }

    public Tensor Forward(Tape tape, Tensor hidden, ForwardContext context)
    {
        Tensor mixed = attention.Forward(tape, beforeAttention?.Forward(tape, hidden) ?? hidden, context);
        hidden = tape.Add(hidden, afterAttention?.Forward(tape, mixed) ?? mixed);
        Tensor changed = mlp.Forward(tape, beforeMlp?.Forward(tape, hidden) ?? hidden);
        return tape.Add(hidden, afterMlp?.Forward(tape, changed) ?? changed);
    }
}

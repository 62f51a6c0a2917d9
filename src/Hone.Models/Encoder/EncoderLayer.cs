using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Encoder;

/// <summary>norm(x + attention(x)), then norm(x + mlp(x)); every token sees its whole text.</summary>
internal sealed class EncoderLayer
{
    private readonly LinearLayer query, key, value, attended, inner, outer;
    private readonly NormLayer attentionNorm, outputNorm;
    private readonly AttentionOptions options;
    private readonly Activation activation;

    public EncoderLayer(WeightList weights, string prefix, EncoderConfig config)
    {
        int width = config.HiddenSize;
        query = weights.Linear($"{prefix}.attention.self.query", width, width, bias: true);
        key = weights.Linear($"{prefix}.attention.self.key", width, width, bias: true);
        value = weights.Linear($"{prefix}.attention.self.value", width, width, bias: true);
        attended = weights.Linear($"{prefix}.attention.output.dense", width, width, bias: true);
        attentionNorm = weights.LayerNorm($"{prefix}.attention.output.LayerNorm", width, config.NormEpsilon);
        inner = weights.Linear($"{prefix}.intermediate.dense", config.IntermediateSize, width, bias: true);
        outer = weights.Linear($"{prefix}.output.dense", width, config.IntermediateSize, bias: true);
        outputNorm = weights.LayerNorm($"{prefix}.output.LayerNorm", width, config.NormEpsilon);
        activation = config.Activation;
        options = new() { Heads = config.Heads, KvHeads = config.Heads, Scale = (float)(1 / Math.Sqrt((double)width / config.Heads)), Causal = false };
    }

    public Tensor Forward(Tape tape, Tensor x, Segments segments)
    {
        Tensor[] parts = LinearLayer.ForwardAll(tape, x, query, key, value);
        Tensor mixed = tape.Attention(parts[0], parts[1], parts[2], segments, options);
        x = attentionNorm.Forward(tape, tape.Add(x, attended.Forward(tape, mixed)));
        Tensor changed = outer.Forward(tape, tape.Activate(inner.Forward(tape, x), activation));
        return outputNorm.Forward(tape, tape.Add(x, changed));
    }
}

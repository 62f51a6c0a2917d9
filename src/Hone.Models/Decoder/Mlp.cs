using Hone.Models.Config;
using Hone.Models.Decoder.Together;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>The second half of a block: works on each token alone.</summary>
internal interface IMlp
{
    /// <summary>[N, C] → [N, C].</summary>
    Tensor Forward(Tape tape, Tensor x);
}

/// <summary>down(act(gate(x)) · up(x)), or down(act(up(x))) without a gate.</summary>
internal sealed class DenseMlp : IMlp
{
    private readonly Activation activation;
    private readonly LinearLayer? gate, up, fused;
    private readonly LinearLayer down;

    public DenseMlp(ModelBuilder builder, string prefix)
    {
        ModelConfig config = builder.Config;
        activation = config.Activation;
        (int inner, int width) = (config.IntermediateSize, config.HiddenSize);
        if (config.Layout == WeightLayout.Gpt2) up = builder.Linear($"{prefix}.c_fc", inner, width, config.MlpBias);
        else if (config.Layout == WeightLayout.Phi3) fused = builder.Linear($"{prefix}.gate_up_proj", 2 * inner, width, config.MlpBias);
        else
        {
            if (config.GatedMlp) gate = builder.Linear($"{prefix}.gate_proj", inner, width, config.MlpBias);
            up = builder.Linear($"{prefix}.up_proj", inner, width, config.MlpBias);
        }
        down = builder.Linear($"{prefix}.{(config.Layout == WeightLayout.Gpt2 ? "c_proj" : "down_proj")}", width, inner, config.MlpBias);
    }

    /// <summary>One expert of a mixture.</summary>
    public DenseMlp(ModelBuilder builder, string prefix, MoeConfig moe)
    {
        (activation, int width) = (builder.Config.Activation, builder.Config.HiddenSize);
        gate = builder.Linear($"{prefix}.{moe.Gate}", moe.HiddenSize, width);
        up = builder.Linear($"{prefix}.{moe.Up}", moe.HiddenSize, width);
        down = builder.Linear($"{prefix}.{moe.Down}", width, moe.HiddenSize);
    }

    /// <summary>Matrices and non-linearity where there is a gate of its own; null otherwise.</summary>
    public MlpParts? Parts => gate is not null && up is not null ? new(gate, up, down, activation) : null;

    public Tensor Forward(Tape tape, Tensor x) => down.Forward(tape, Inner(tape, x));

    private Tensor Inner(Tape tape, Tensor x)
    {
        if (fused is not null)
        {
            Tensor both = fused.Forward(tape, x);
            int inner = both.Shape.Last / 2;
            return tape.GatedMlpActivation(tape.Slice(both, 1, 0, inner), tape.Slice(both, 1, inner, inner), activation);
        }
        if (gate is null) return tape.Activate(up!.Forward(tape, x), activation);
        Tensor[] parts = LinearLayer.ForwardAll(tape, x, gate, up!);
        return tape.GatedMlpActivation(parts[0], parts[1], activation);
    }
}

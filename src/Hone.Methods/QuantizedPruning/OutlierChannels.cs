using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors;

namespace Hone.Methods.QuantizedPruning;

/// <summary>
/// Plants what large models have and small ones lack: key channels that are large for all tokens. Keys of one rotary pair of every key
/// head are multiplied, and the same channels of the queries divided, so that the model computes what it did. Where queries and keys
/// are normalised head by head, the gains behind the norms are changed instead of the projections.
/// </summary>
public static class OutlierChannels
{
    /// <summary>Changes the weights in place.</summary>
    /// <param name="model">A model with projections of their own.</param>
    /// <param name="factor">How many times larger.</param>
    /// <exception cref="HoneException">The model is built otherwise.</exception>
    public static void Plant(LanguageModel model, float factor)
    {
        ModelConfig config = model.Config;
        if (config.Layout != WeightLayout.Llama || config.QkNorm == QkNorm.Whole || config.Latent is not null)
            throw new HoneException("outlier channels can be planted only in models with separate projections and norms on single heads or none.");
        int pairs = (config.Rope?.Dimensions ?? config.HeadSize) / 2;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            // Both channels of a rotary pair: rotation mixes them, so that one alone could not be undone.
            int channel = layer % pairs;
            if (config.QkNorm == QkNorm.PerHead)
            {
                Scale(model[$"model.layers.{layer}.self_attn.k_norm.weight"], 1, config.HeadSize, channel, pairs, factor, width: 1);
                Scale(model[$"model.layers.{layer}.self_attn.q_norm.weight"], 1, config.HeadSize, channel, pairs, 1 / factor, width: 1);
                continue;
            }
            Scale(model[$"model.layers.{layer}.self_attn.k_proj.weight"], config.KvHeads, config.HeadSize, channel, pairs, factor, config.HiddenSize);
            Scale(model[$"model.layers.{layer}.self_attn.q_proj.weight"], config.Heads, config.HeadSize, channel, pairs, 1 / factor, config.HiddenSize);
        }
    }

    private static void Scale(Parameter weight, int heads, int headSize, int channel, int pairs, float factor, int width)
    {
        for (int head = 0; head < heads; head++)
            foreach (int row in (int[])[head * headSize + channel, head * headSize + pairs + channel])
            {
                Span<float> values = weight.Value.Data.Slice(row * width, width);
                System.Numerics.Tensors.TensorPrimitives.Multiply(values, factor, values);
            }
    }
}

using Hone.Models.Config;
using Hone.Models.Decoder;

namespace Hone.Cli.Bench;

/// <summary>How many operations and bytes a decoder's work takes: products and attention; what is linear in the width is left out.</summary>
internal static class ModelWork
{
    /// <summary>Weights of the products inside the layers that one token goes through (of experts, those chosen).</summary>
    public static double BlockWeights(LanguageModel model)
    {
        ModelConfig config = model.Config;
        double all = 0;
        foreach (LinearLayer layer in model.LinearLayers)
        {
            double weights = (double)layer.Inputs * layer.Outputs;
            bool isExpert = config.Moe is not null && layer.Name.Contains(".experts.", StringComparison.Ordinal);
            all += isExpert ? weights * config.Moe!.PerToken / config.Moe.Experts : weights;
        }
        return all;
    }

    /// <summary>Weights of the output projection.</summary>
    public static double HeadWeights(LanguageModel model) => (double)model.Head.Inputs * model.Head.Outputs;

    /// <summary>Multiplications and additions of attention for one token that sees so many, itself included, in all layers: scores, then values.</summary>
    public static double Attention(ModelConfig config, double seen) => 4.0 * seen * config.QueryWidth * config.Layers;

    /// <summary>Operations of a forward pass over a whole sequence, logits for its last token only.</summary>
    public static double Prefill(LanguageModel model, int length) =>
        length * (2 * BlockWeights(model) + Attention(model.Config, (length + 1) / 2.0)) + 2 * HeadWeights(model);

    /// <summary>Operations of one more token after so many.</summary>
    public static double Decode(LanguageModel model, double seen) => 2 * (BlockWeights(model) + HeadWeights(model)) + Attention(model.Config, seen);

    /// <summary>Bytes read for one more token after so many: every weight once, and the keys and values before it.</summary>
    public static double DecodeBytes(LanguageModel model, double seen) =>
        sizeof(float) * (BlockWeights(model) + HeadWeights(model)) + model.Config.KvBytesPerToken * seen;

    /// <summary>
    /// Operations per token of a training step. All weights: forward, gradient of the input, gradient of the weight. With LoRA
    /// frozen weights need no gradient of their own, and the low-rank factors need all three.
    /// </summary>
    public static double Train(LanguageModel model, int length, int loraRank)
    {
        double attention = 3 * Attention(model.Config, (length + 1) / 2.0), products = BlockWeights(model) + HeadWeights(model);
        if (loraRank == 0) return 6 * products + attention;
        double factors = model.LinearLayers.Sum(layer => (double)loraRank * (layer.Inputs + layer.Outputs));
        return 4 * products + 6 * factors + attention;
    }
}

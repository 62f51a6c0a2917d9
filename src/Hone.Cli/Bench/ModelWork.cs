using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;

namespace Hone.Cli.Bench;

/// <summary>How many operations and bytes a decoder's work takes: products and attention; what is linear in the width is left out.</summary>
internal static class ModelWork
{
    /// <summary>Weights of the products inside the layers that one token goes through (of experts, those chosen).</summary>
    public static double BlockWeights(LanguageModel model) =>
        model.LinearLayers.Sum(layer => (double)layer.Inputs * layer.Outputs * UsedShare(model, layer));

    /// <summary>1, or for experts the share of them that a token goes through.</summary>
    private static double UsedShare(LanguageModel model, LinearLayer layer) =>
        model.Config.Moe is { } moe && layer.Name.Contains(".experts.", StringComparison.Ordinal) ? (double)moe.PerToken / moe.Experts : 1;

    /// <summary>Weights of the output projection.</summary>
    public static double HeadWeights(LanguageModel model) => (double)model.Head.Inputs * model.Head.Outputs;

    /// <summary>Multiplications and additions of attention for one token that sees so many, itself included, in all layers: scores, then values.</summary>
    public static double Attention(ModelConfig config, double seen) => 4.0 * seen * config.QueryWidth * config.Layers;

    /// <summary>Operations of a forward pass over a whole sequence, logits for its last token only.</summary>
    public static double Prefill(LanguageModel model, int length) =>
        length * (2 * BlockWeights(model) + Attention(model.Config, (length + 1) / 2.0)) + 2 * HeadWeights(model);

    /// <summary>Operations of one more token after so many.</summary>
    public static double Decode(LanguageModel model, double seen) => 2 * (BlockWeights(model) + HeadWeights(model)) + Attention(model.Config, seen);

    /// <summary>Bytes read for one more token after so many: every weight once in the form its file has it, and the keys and values before it.</summary>
    public static double DecodeBytes(LanguageModel model, double seen) =>
        model.LinearLayers.Sum(layer => Bytes(layer) * UsedShare(model, layer)) + Bytes(model.Head) + model.Config.KvBytesPerToken * seen;

    private static double Bytes(LinearLayer layer) => layer.Quantized is { } matrix
        ? (double)matrix.Type.RowBytes(matrix.Width) * matrix.Outputs
        : (double)sizeof(float) * layer.Inputs * layer.Outputs;

    /// <summary>Whether the products of most weights are of integers.</summary>
    public static bool IsInt8(LanguageModel model) =>
        model.LinearLayers.Sum(layer => (layer.Quantized is { MultipliesIntegers: true } ? 1.0 : -1.0) * layer.Inputs * layer.Outputs) > 0;

    /// <summary>The peak that a model's products are compared with, and its name.</summary>
    public static (Func<double, Measurement> Measure, string Name) Peak(LanguageModel model, WorkerPool workers) =>
        IsInt8(model) ? (s => Peaks.Int8(workers, s), "int8") : (s => Peaks.Fma(workers, s), "fp32");

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

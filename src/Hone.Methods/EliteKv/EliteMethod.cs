using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Methods.LongContext;
using Hone.Models.Decoder;

namespace Hone.Methods.EliteKv;

/// <summary>What <c>hone kv elite convert</c> is told.</summary>
/// <param name="Chunks">r; null tries all and takes the best.</param>
/// <param name="Ratio">Cache as a share of the full one, where ranks are not given.</param>
/// <param name="KeyRank">c, or c_k with <paramref name="ValueRank"/>.</param>
/// <param name="ValueRank">c_v of separate latents; null for a joint one.</param>
/// <param name="Separate">Divide the latent evenly into one for keys and one for values.</param>
public sealed record EliteBudget(int? Chunks, double Ratio, int? KeyRank = null, int? ValueRank = null, bool Separate = false);

/// <summary>Smaller caches by rotating few chunks of each head and reading the rest from a low-rank latent.</summary>
[Method("elitekv", Stage = "kv-cache",
    Paper = "EliteKV: Scalable KV Cache Compression via RoPE Frequency Selection and Joint Low-Rank Projection",
    ArXiv = "2503.01586", Command = "hone kv elite convert")]
public static class EliteMethod
{
    /// <summary>Chooses a shape for a budget; where chunks are left open, by perplexity on text.</summary>
    /// <exception cref="HoneException">Sizes that do not fit the model.</exception>
    public static EliteShape Choose(TextModel model, ChunkRanking ranking, EliteBudget budget, Func<IReadOnlyList<int[]>> text, RunContext run)
    {
        var config = model.Model.Config;
        if (budget.KeyRank is { } rank)
            return new(budget.Chunks ?? throw new HoneException("a rank without chunks leaves the cache undetermined. Give --chunks too, or --ratio alone."), rank, budget.ValueRank ?? 0);
        EliteShape shape = budget.Chunks is { } chunks
            ? EliteShape.ForRatio(config, budget.Ratio, chunks) ?? throw new HoneException($"{chunks} chunks take {2.0 * chunks / (2 * config.HeadSize):P1} of the cache already, which leaves nothing of {budget.Ratio:P1} for the latent.")
            : EliteSweep.Run(model, ranking, budget.Ratio, text(), Math.Max(1, config.HeadSize / 32), run)[0].Shape;
        return budget.Separate ? Halve(shape, config.KvWidth) : shape;
    }

    /// <summary>Figures of a conversion for <c>--json</c>.</summary>
    public static JsonObject ToJson(EliteConversion conversion, EliteShape shape, LanguageModel original) => new()
    {
        ["chunks"] = shape.Chunks,
        ["rank"] = shape.IsJoint ? shape.KeyRank : null,
        ["key_rank"] = shape.IsJoint ? null : shape.KeyRank,
        ["value_rank"] = shape.IsJoint ? null : shape.ValueRank,
        ["ratio"] = conversion.Ratio,
        ["kv_bytes_per_token"] = conversion.Model.Config.KvBytesPerToken,
        ["full_kv_bytes_per_token"] = original.Config.KvBytesPerToken,
        ["energy"] = new JsonArray([.. conversion.Energy.Select(e => (JsonNode)e)]),
        ["parameters_before"] = conversion.ParametersBefore,
        ["parameters"] = conversion.ParametersAfter,
    };

    private static EliteShape Halve(EliteShape joint, int most)
    {
        int values = Math.Min(most, joint.Width / 2);
        return values < 1 ? throw new HoneException("a latent of one number cannot be divided. Give a larger ratio.") : new(joint.Chunks, joint.Width - values, values);
    }
}

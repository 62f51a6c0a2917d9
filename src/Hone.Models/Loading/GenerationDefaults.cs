using System.Text.Json.Nodes;
using Hone.Models.Config;

namespace Hone.Models.Loading;

/// <summary>How a model's makers suggest to generate: <c>generation_config.json</c>, else what the model's settings say.</summary>
public sealed record GenerationDefaults
{
    /// <summary>Tokens that end a text.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    public int? BosId { get; init; }

    public int? PadId { get; init; }

    /// <summary>Whether to sample; false means the best token each time.</summary>
    public bool Sample { get; init; }

    public double? Temperature { get; init; }

    public int? TopK { get; init; }

    public double? TopP { get; init; }

    public double? MinP { get; init; }

    public double? RepetitionPenalty { get; init; }

    public int? MaxNewTokens { get; init; }

    /// <summary>The file's content, kept for saving; null when there was none.</summary>
    public JsonObject? Json { get; init; }

    public static GenerationDefaults Of(ModelConfig config) => new() { EosIds = config.EosIds, BosId = config.BosId, PadId = config.PadId };

    internal static GenerationDefaults Read(JsonObject json, string source, ModelConfig config)
    {
        ConfigJson reader = new(json, source);
        return new()
        {
            EosIds = reader.Ints("eos_token_id") ?? config.EosIds,
            BosId = reader.Has("bos_token_id") ? reader.Int("bos_token_id", min: 0) : config.BosId,
            PadId = reader.Has("pad_token_id") ? reader.Ints("pad_token_id")![0] : config.PadId,
            Sample = reader.Flag("do_sample"),
            Temperature = Number("temperature"),
            TopK = reader.Has("top_k") ? reader.Int("top_k", min: 0) : null,
            TopP = Number("top_p"),
            MinP = Number("min_p"),
            RepetitionPenalty = Number("repetition_penalty"),
            MaxNewTokens = reader.Has("max_new_tokens") ? reader.Int("max_new_tokens") : null,
            Json = json,
        };

        double? Number(string name) => reader.Has(name) ? reader.Number(name, min: 0) : null;
    }
}

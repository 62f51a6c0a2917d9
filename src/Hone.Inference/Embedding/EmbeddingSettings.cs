using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Inference.Embedding;

/// <summary>How the hidden states of a text become one vector.</summary>
public enum Pooling
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The first one.</summary>
    First,

    /// <summary>The last one.</summary>
    Last,

    /// <summary>The largest value of each channel.</summary>
    Max,

    /// <summary>Their sum divided by the square root of their number.</summary>
    MeanSqrtLength,
}

/// <summary>What a model's own files say about making vectors, in the layout of sentence-transformers.</summary>
/// <param name="Pooling">How hidden states become one vector.</param>
/// <param name="UnitLength">Whether vectors are scaled to length 1.</param>
/// <param name="MaxTokens">Longer texts are cut to so many tokens, special tokens included; null when the files do not say.</param>
/// <param name="LowerCase">Whether texts are put into lower case first.</param>
public sealed record EmbeddingSettings(Pooling Pooling = Pooling.Mean, bool UnitLength = true, int? MaxTokens = null, bool LowerCase = false)
{
    private static readonly (string Setting, string Mode, Pooling Pooling)[] Modes =
    [
        ("pooling_mode_mean_tokens", "mean", Pooling.Mean),
        ("pooling_mode_cls_token", "cls", Pooling.First),
        ("pooling_mode_lasttoken", "lasttoken", Pooling.Last),
        ("pooling_mode_max_tokens", "max", Pooling.Max),
        ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Pooling.MeanSqrtLength),
    ];

    /// <summary>Reads modules.json and what it names; a folder without it gets mean pooling and unit length.</summary>
    /// <exception cref="HoneException">A malformed file, or a module or pooling that is not known.</exception>
    public static EmbeddingSettings Read(string folder)
    {
        EmbeddingSettings settings = ReadLength(folder, new EmbeddingSettings());
        if (ReadJson(Path.Combine(folder, "modules.json")) is not JsonArray modules) return settings;
        settings = settings with { UnitLength = false };
        foreach (JsonNode? module in modules)
        {
            string type = module is JsonObject ? (string?)module["type"] ?? "" : "";
            settings = type[(type.LastIndexOf('.') + 1)..] switch
            {
                "Transformer" => settings,
                "Pooling" => settings with { Pooling = ReadPooling(folder, (string?)module!["path"] ?? "1_Pooling") },
                "Normalize" => settings with { UnitLength = true },
                string other => throw HoneException.Unknown($"module (in {folder}/modules.json)", other, ["Transformer", "Pooling", "Normalize"]),
            };
        }
        return settings;
    }

    private static EmbeddingSettings ReadLength(string folder, EmbeddingSettings settings)
    {
        if (ReadJson(Path.Combine(folder, "sentence_bert_config.json")) is not JsonObject json) return settings;
        int? length = json["max_seq_length"] is JsonValue value && value.TryGetValue(out int tokens) && tokens > 0 ? tokens : null;
        return settings with { MaxTokens = length, LowerCase = json["do_lower_case"]?.GetValueKind() == JsonValueKind.True };
    }

    private static Pooling ReadPooling(string folder, string path)
    {
        if (path.Contains("..", StringComparison.Ordinal) || Path.IsPathRooted(path)) throw new HoneException($"{folder}/modules.json: '{path}' leaves the model's folder.");
        string file = Path.Combine(folder, path, "config.json");
        if (ReadJson(file) is not JsonObject json) throw new HoneException($"{file}: no such file, or not a JSON object.");
        Pooling[] asked = [.. Modes.Where(m => json[m.Setting]?.GetValueKind() == JsonValueKind.True
            || (json["pooling_mode"] is JsonValue mode && mode.TryGetValue(out string? name) && name == m.Mode)).Select(m => m.Pooling)];
        return asked is [Pooling one] ? one : throw new HoneException($"{file}: asks for {asked.Length} of the poolings {string.Join(", ", Modes.Select(m => m.Mode))}; expected exactly one.");
    }

    private static JsonNode? ReadJson(string path)
    {
        return File.Exists(path) ? JsonFile.Read(path) : null;
    }
}

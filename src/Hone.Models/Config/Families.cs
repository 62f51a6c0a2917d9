using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Models.Config;

/// <summary>The decoder architectures known, each a function from settings to <see cref="ModelConfig"/>.</summary>
public static class Families
{
    private static readonly Dictionary<string, Func<ConfigJson, ModelConfig>> Known = new(StringComparer.Ordinal)
    {
        ["llama"] = LlamaFamily.Llama,
        ["mistral"] = LlamaFamily.Mistral,
        ["mixtral"] = LlamaFamily.Mixtral,
        ["smollm3"] = LlamaFamily.SmolLm3,
        ["olmo2"] = LlamaFamily.Olmo2,
        ["phi3"] = LlamaFamily.Phi3,
        ["qwen2"] = QwenFamily.Qwen2,
        ["qwen3"] = QwenFamily.Qwen3,
        ["qwen3_moe"] = QwenFamily.Qwen3Moe,
        ["gemma2"] = GemmaFamily.Gemma2,
        ["gemma3_text"] = GemmaFamily.Gemma3,
        ["gpt2"] = Gpt2Family.Gpt2,
    };

    /// <summary>Values of <c>model_type</c> that can be loaded as a decoder.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    internal static ModelConfig Read(JsonObject json, string source)
    {
        JsonObject parsed = ConfigJson.Parsed(json, source);
        ConfigJson reader = new(parsed, source);
        string name = reader.Text("model_type") ?? throw reader.Missing("model_type");
        if (!Known.TryGetValue(name, out Func<ConfigJson, ModelConfig>? family)) throw HoneException.Unknown($"model architecture (in {source})", name, Known.Keys);
        ModelConfig config = family(reader) with { Json = parsed };
        FamilyParts.Check(config, source);
        return LatentConfig.Read(reader, config);
    }
}

using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Models.Config;

/// <summary>
/// Attention whose keys rotate only in a few chunks for each head, the rest of keys and values being read from a low-rank latent
/// (EliteKV, Zhou et al. 2025, arXiv:2503.01586). A chunk i is the pair of channels i and i + D/2.
/// </summary>
/// <param name="Chunks">r, chunks that rotate in each key head.</param>
/// <param name="KeyRank">Width of the latent that un-rotated keys are read from; with <paramref name="IsJoint"/> values too.</param>
/// <param name="ValueRank">Width of the latent that values are read from; equals <paramref name="KeyRank"/> with <paramref name="IsJoint"/>.</param>
/// <param name="IsJoint">One latent for both (J-LRD) instead of one each (S-LRD).</param>
/// <param name="Elite">[L][K][r] which chunks rotate, ascending.</param>
public sealed record LatentConfig(int Chunks, int KeyRank, int ValueRank, bool IsJoint, IReadOnlyList<IReadOnlyList<int[]>> Elite)
{
    private const string Setting = "elitekv";

    /// <summary>c, numbers of latent that a cache holds for a token and layer.</summary>
    public int Width => IsJoint ? KeyRank : KeyRank + ValueRank;

    /// <summary>The setting as it stands in a config.json.</summary>
    public JsonObject ToJson()
    {
        JsonObject json = new() { ["chunks"] = Chunks };
        if (IsJoint) json["rank"] = KeyRank;
        else (json["key_rank"], json["value_rank"]) = (KeyRank, ValueRank);
        json["elite"] = new JsonArray([.. Elite.Select(layer =>
            (JsonNode)new JsonArray([.. layer.Select(head => (JsonNode)new JsonArray([.. head.Select(chunk => (JsonNode)chunk)]))]))]);
        return json;
    }

    /// <summary>The model's settings with these added.</summary>
    /// <exception cref="HoneException">They do not fit the model.</exception>
    public ModelConfig AddTo(ModelConfig config) => config.With(Setting, ToJson());

    /// <summary>Reads the setting where there is one.</summary>
    /// <exception cref="HoneException">It does not fit the model.</exception>
    internal static ModelConfig Read(ConfigJson json, ModelConfig config)
    {
        if (json.Object(Setting) is not { } own) return config;
        Require(config, own.Source);
        int chunks = own.Int("chunks", min: 0, max: config.HeadSize / 2), most = Math.Min(config.HiddenSize, config.KvHeads * (2 * config.HeadSize - 2 * chunks));
        bool joint = own.Has("rank");
        bool hasPlainKeys = chunks < config.HeadSize / 2;
        int key = joint ? own.Int("rank", max: most) : own.Int("key_rank", min: hasPlainKeys ? 1 : 0, max: hasPlainKeys ? most : 0);
        int value = joint ? key : own.Int("value_rank", max: most);
        return config with { Latent = new(chunks, key, value, joint, ReadElite(own, config, chunks)) };
    }

    /// <summary>Refuses models whose keys cannot be taken apart.</summary>
    /// <exception cref="HoneException">The model has no rotary positions, rotates in part, or normalises or shifts its keys.</exception>
    public static void Require(ModelConfig config, string source)
    {
        string? reason = config.Rope is null ? "it has no rotary positions"
            : config.Layout != WeightLayout.Llama ? "its queries, keys and values are stored as one matrix"
            : config.QkNorm != QkNorm.None ? "it normalises queries and keys, so that its keys are not linear in the hidden state"
            : config.QkvBias ? "its keys and values have a bias"
            : config.HeadSize % 2 != 0 ? $"its head size of {config.HeadSize} is odd"
            : config.Rope.Dimensions != config.HeadSize || config.LocalRope is not null || config.LayerConfigs.Any(l => l.Rope != LayerRope.Global)
                ? "it rotates only part of its keys already, or differently in different layers"
            : null;
        if (reason is not null) throw new HoneException($"{source}: EliteKV cannot be applied to this model: {reason}.");
    }

    private static int[][][] ReadElite(ConfigJson json, ModelConfig config, int chunks)
    {
        if (json.Array("elite") is not { } layers || layers.Count != config.Layers) throw Wrong($"one list for each of {config.Layers} layers");
        return [.. layers.Select(layer => layer is JsonArray heads && heads.Count == config.KvHeads
            ? heads.Select(Head).ToArray() : throw Wrong($"one list for each of {config.KvHeads} key heads in every layer"))];

        int[] Head(JsonNode? head)
        {
            int last = -1;
            if (head is not JsonArray items || items.Count != chunks) throw Wrong($"{chunks} chunks in every head");
            return [.. items.Select(item => item is JsonValue value && value.TryGetValue(out int chunk) && chunk > last && chunk < config.HeadSize / 2
                ? last = chunk : throw Wrong($"ascending chunks from 0 to {config.HeadSize / 2 - 1}"))];
        }

        HoneException Wrong(string expected) => new($"{json.Source}: 'elite' does not fit the model; expected {expected}.");
    }
}

using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Formats;

namespace Hone.Models.Loading;

/// <summary>
/// Rotary scaling of a GGUF file. Llama 3's is not in the metadata but in a tensor of divisors, one per frequency; that is put
/// into the words of longrope, which says the same thing exactly, with the same divisors at every length.
/// </summary>
internal static class GgufRope
{
    public static void Add(GgufConfig.Source source, JsonObject json)
    {
        long head = (long)json["head_dim"]!;
        if (source.Integer("rope.dimension_count") is { } rotated && rotated != head && rotated > 0) json["partial_rotary_factor"] = (double)rotated / head;
        if (Divisors(source.File, "rope_freqs.weight") is { } divisors)
            json["rope_scaling"] = Long(divisors, divisors, 1);
        else if (Divisors(source.File, "rope_factors_long.weight") is { } far && Divisors(source.File, "rope_factors_short.weight") is { } near)
            AddPhi(source, json, near, far);
        else if (source.Text("rope.scaling.type") is { } kind and not "none")
            json["rope_scaling"] = Named(source, kind);
    }

    private static void AddPhi(GgufConfig.Source source, JsonObject json, JsonArray near, JsonArray far)
    {
        json["original_max_position_embeddings"] = source.Integer("rope.scaling.original_context_length") ?? 4096;
        JsonObject scaling = new() { ["rope_type"] = "longrope", ["short_factor"] = near, ["long_factor"] = far };
        if (source.Number("rope.scaling.attn_factor") is { } factor) scaling["attention_factor"] = factor;
        json["rope_scaling"] = scaling;
    }

    private static JsonObject Named(GgufConfig.Source source, string kind)
    {
        if (kind is not ("linear" or "yarn")) throw HoneException.Unknown($"rotary scaling (in {source.File.Path})", kind, ["linear", "yarn", "none"]);
        JsonObject scaling = new() { ["rope_type"] = kind, ["factor"] = source.Number("rope.scaling.factor") ?? 1 };
        if (source.Integer("rope.scaling.original_context_length") is { } original) scaling["original_max_position_embeddings"] = original;
        return scaling;
    }

    private static JsonObject Long(JsonArray near, JsonArray far, double attentionFactor) => new()
    {
        ["rope_type"] = "longrope",
        ["short_factor"] = near.DeepClone(),
        ["long_factor"] = far.DeepClone(),
        ["attention_factor"] = attentionFactor,
    };

    private static JsonArray? Divisors(GgufFile file, string name)
    {
        if (!file.Entries.TryGetValue(name, out WeightEntry? entry)) return null;
        if (entry.Count > 4096) throw new HoneException($"{file.Path}: tensor '{name}' has {entry.Count} values; expected one per rotary frequency.");
        float[] values = new float[entry.Count];
        file.ReadRows(name, 0, entry.Rows, values);
        return [.. values.Select(v => (JsonNode)JsonValue.Create((double)v))];
    }
}

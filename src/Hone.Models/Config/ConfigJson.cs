using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Models.Config;

/// <summary>Typed, checked reading of a model's settings. A setting that is absent or null takes the default given.</summary>
/// <param name="json">The settings.</param>
/// <param name="source">Where they came from, for messages.</param>
internal sealed class ConfigJson(JsonObject json, string source)
{
    public string Source => source;

    /// <summary>A copy as if it had been read from a file: settings written by code hold typed nodes that convert less freely.</summary>
    /// <exception cref="HoneException">An infinite number or NaN among them.</exception>
    public static JsonObject Parsed(JsonObject json, string source)
    {
        try
        {
            return (JsonObject)JsonNode.Parse(json.ToJsonString())!;
        }
        catch (ArgumentException error)
        {
            throw new HoneException($"{source}: a setting is not a finite number.", error);
        }
    }

    /// <summary>Whether a setting is there with a value other than null.</summary>
    public bool Has(string name) => json[name] is not null;

    /// <summary>Whether a setting is there, be it null: some defaults apply only to settings that are absent.</summary>
    public bool Mentions(string name) => json.ContainsKey(name);

    public string? Text(string name) => json[name] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonNode other => throw Wrong(name, other, "a string"),
    };

    public bool Flag(string name, bool fallback = false) => json[name]?.GetValueKind() switch
    {
        null => fallback,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, json[name]!, "true or false"),
    };

    /// <summary>A whole number in [<paramref name="min"/>, <paramref name="max"/>].</summary>
    public int Int(string name, int? fallback = null, int min = 1, int max = 1 << 24)
    {
        if (json[name] is not { } node) return fallback ?? throw Missing(name);
        return ToInt(name, node, min, max);
    }

    /// <summary>A finite number.</summary>
    public double Number(string name, double? fallback = null, double min = double.MinValue, double max = double.MaxValue)
    {
        if (json[name] is not { } node) return fallback ?? throw Missing(name);
        double value = ToDouble(name, node);
        return value >= min && value <= max ? value : throw Wrong(name, node, $"a number from {min} to {max}");
    }

    /// <summary>A number that is off when absent, null or zero.</summary>
    public float Optional(string name) => (float)Number(name, 0, 0);

    public ConfigJson? Object(string name) => json[name] switch
    {
        null => null,
        JsonObject child => new(child, $"{source}: '{name}'"),
        JsonNode other => throw Wrong(name, other, "an object"),
    };

    public JsonArray? Array(string name) => json[name] switch
    {
        null => null,
        JsonArray items => items,
        JsonNode other => throw Wrong(name, other, "a list"),
    };

    /// <summary>A list of whole numbers; a single number counts as a list of one.</summary>
    public IReadOnlyList<int>? Ints(string name, int min = 0) => json[name] switch
    {
        null => null,
        JsonArray items when items.Count <= 1 << 20 => [.. items.Select(item => ToInt(name, item, min, 1 << 24))],
        JsonNode single => [ToInt(name, single, min, 1 << 24)],
    };

    public IReadOnlyList<double>? Numbers(string name) => json[name] switch
    {
        null => null,
        JsonArray items when items.Count <= 1 << 20 => [.. items.Select(item => ToDouble(name, item))],
        JsonNode other => throw Wrong(name, other, "a list of numbers"),
    };

    public IReadOnlyList<string>? Texts(string name) => json[name] switch
    {
        null => null,
        JsonArray items when items.All(item => item?.GetValueKind() == JsonValueKind.String) => [.. items.Select(item => item!.GetValue<string>())],
        JsonNode other => throw Wrong(name, other, "a list of strings"),
    };

    public HoneException Wrong(string name, JsonNode? found, string expected)
    {
        string text = found?.ToJsonString() ?? "null";
        return new($"{source}: '{name}' is {(text.Length > 60 ? text[..60] + "…" : text)}; expected {expected}.");
    }

    public HoneException Missing(string name) => new($"{source}: '{name}' is missing.");

    private int ToInt(string name, JsonNode? node, int min, int max)
    {
        double value = ToDouble(name, node);
        return value == Math.Floor(value) && value >= min && value <= max ? (int)value : throw Wrong(name, node, $"a whole number from {min} to {max}");
    }

    private double ToDouble(string name, JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.Number && node.AsValue().TryGetValue(out double value) && double.IsFinite(value)
            ? value
            : throw Wrong(name, node, "a number");
}

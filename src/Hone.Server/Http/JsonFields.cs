using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Server.Http;

/// <summary>Fields of a request, read with their types and ranges; null counts as missing. What is wrong is named.</summary>
/// <param name="json">The object.</param>
/// <param name="path">Where it is in the request, with a dot at the end; empty for the request itself.</param>
internal sealed class JsonFields(JsonObject json, string path = "")
{
    public JsonObject Json => json;

    public bool Has(string name) => json[name] is not null;

    public string? Text(string name, int maxLength = int.MaxValue)
    {
        if (json[name] is not { } node) return null;
        if (node is not JsonValue value || !value.TryGetValue(out string? text)) throw Wrong(name, "text");
        return text.Length <= maxLength ? text : throw ApiException.BadRequest($"'{path}{name}' must have at most {maxLength} characters.", path + name);
    }

    public bool Flag(string name, bool missing = false) => json[name] switch
    {
        null => missing,
        { } node when node.GetValueKind() == JsonValueKind.True => true,
        { } node when node.GetValueKind() == JsonValueKind.False => false,
        _ => throw Wrong(name, "true or false"),
    };

    public int? Int(string name, int min, int max) => (int?)Long(name, min, max);

    public long? Long(string name, long min, long max)
    {
        if (json[name] is not { } node) return null;
        if (node is not JsonValue value || !TryWhole(value, out long number)) throw Wrong(name, "a whole number");
        return number >= min && number <= max ? number : throw OutOfRange(name, number.ToString(CultureInfo.InvariantCulture), min, max);
    }

    public double? Number(string name, double min, double max)
    {
        if (json[name] is not { } node) return null;
        if (node is not JsonValue value || !value.TryGetValue(out double number) || !double.IsFinite(number)) throw Wrong(name, "a number");
        return number >= min && number <= max ? number : throw OutOfRange(name, number.ToString(CultureInfo.InvariantCulture), min, max);
    }

    public JsonObject? Object(string name) => json[name] switch { null => null, JsonObject found => found, _ => throw Wrong(name, "an object") };

    public JsonFields? Fields(string name) => Object(name) is { } found ? new JsonFields(found, $"{path}{name}.") : null;

    public JsonArray? List(string name, int maxCount = int.MaxValue) => json[name] switch
    {
        null => null,
        JsonArray found when found.Count <= maxCount => found,
        JsonArray => throw ApiException.BadRequest($"'{path}{name}' must have at most {maxCount} entries.", path + name),
        _ => throw Wrong(name, "a list"),
    };

    /// <summary>A text or a list of texts.</summary>
    public IReadOnlyList<string> Texts(string name, int maxCount)
    {
        if (json[name] is null) return [];
        if (json[name] is JsonValue) return [Text(name)!];
        return [.. List(name, maxCount)!.Select(item => item is JsonValue value && value.TryGetValue(out string? text) ? text : throw Wrong(name, "text or a list of texts"))];
    }

    /// <summary>Whether the reply is to be streamed, and whether its last event is to tell the usage.</summary>
    public (bool Streams, bool StreamsUsage) Stream()
    {
        bool streams = Flag("stream");
        if (!streams && Has("stream_options")) throw ApiException.BadRequest($"'{path}stream_options' is only allowed with 'stream': true.", path + "stream_options");
        return (streams, Fields("stream_options")?.Flag("include_usage") ?? false);
    }

    /// <summary>Refuses fields that would change the result and that this server does not know.</summary>
    public void Refuse(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
            if (Has(name)) throw ApiException.BadRequest($"'{path}{name}' is not supported here.", path + name, "unsupported_parameter");
    }

    public ApiException Wrong(string name, string expected) => ApiException.BadRequest($"'{path}{name}' must be {expected}.", path + name);

    private ApiException OutOfRange<T>(string name, string found, T min, T max) =>
        ApiException.BadRequest(string.Create(CultureInfo.InvariantCulture, $"'{path}{name}' must be from {min} to {max}, found {found}."), path + name);

    private static bool TryWhole(JsonValue value, out long number)
    {
        if (value.TryGetValue(out number)) return true;
        if (!value.TryGetValue(out double real) || real != Math.Truncate(real) || Math.Abs(real) > 1L << 53) return false;
        number = (long)real; // 1.0 and 1e3, as some clients write whole numbers
        return true;
    }
}

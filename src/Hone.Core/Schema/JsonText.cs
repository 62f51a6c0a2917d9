using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Core.Schema;

/// <summary>Reads JSON written by others: of a key given twice the last value counts, as Python and JavaScript have it.</summary>
public static class JsonText
{
    /// <summary>Deepest nesting read.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Parses one value; numbers keep their spelling.</summary>
    /// <exception cref="JsonException">Malformed or too deep. Half a surrogate pair is read as it is in a value, and refused in a key.</exception>
    public static JsonNode? Parse(string text)
    {
        // Half a surrogate pair outside an escape becomes U+FFFD here; the library would throw something else than JsonException.
        using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetBytes(text), new JsonDocumentOptions { MaxDepth = MaxDepth });
        return Copy(document.RootElement);
    }

    /// <summary>Like <see cref="Parse"/>, but a key given twice is refused.</summary>
    /// <exception cref="JsonException">Malformed, too deep, a key twice, half a surrogate pair in a key.</exception>
    public static JsonNode? ParseStrict(string text)
    {
        // Only an escape can spell half a surrogate pair; everything else takes the library's faster way.
        if (!text.Contains("\\ud", StringComparison.OrdinalIgnoreCase)) return JsonNode.Parse(text, documentOptions: Strict);
        using JsonDocument document = ParseDocument(Encoding.UTF8.GetBytes(text));
        return Copy(document.RootElement);
    }

    /// <summary>The document of UTF-8 bytes without a key given twice; its strings may still hold half a surrogate pair.</summary>
    /// <exception cref="JsonException">Malformed, too deep, a key twice, half a surrogate pair in a key.</exception>
    public static JsonDocument ParseDocument(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return JsonDocument.Parse(utf8, Strict);
        }
        catch (InvalidOperationException error)
        {
            throw new JsonException("a key holds half a surrogate pair or bytes that are not UTF-8", error);
        }
    }

    /// <summary>Like <see cref="Parse"/>, but false for anything malformed.</summary>
    public static bool TryParse(string text, out JsonNode? node)
    {
        try
        {
            node = Parse(text);
            return true;
        }
        catch (JsonException)
        {
            node = null;
            return false;
        }
    }

    private static JsonNode? Copy(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                JsonObject fields = [];
                foreach (JsonProperty property in element.EnumerateObject()) fields[KeyOf(property)] = Copy(property.Value);
                return fields;
            case JsonValueKind.Array: return new JsonArray([.. element.EnumerateArray().Select(Copy)]);
            case JsonValueKind.String: return JsonValue.Create(TextOf(element));
            case JsonValueKind.Null: return null;
            default: return JsonValue.Create(element.Clone());
        }
    }

    private static string KeyOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException error)
        {
            throw new JsonException("a key holds half a surrogate pair", error);
        }
    }

    private static string TextOf(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Unescape(element.GetRawText().AsSpan()[1..^1]);
        }
    }

    // The library refuses half a surrogate pair; the text is valid JSON otherwise.
    private static string Unescape(ReadOnlySpan<char> raw)
    {
        const string letters = "bfnrt";
        const string meanings = "\b\f\n\r\t";
        StringBuilder text = new(raw.Length);
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }
            char c = raw[++i];
            if (c == 'u')
            {
                text.Append((char)int.Parse(raw.Slice(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 4;
            }
            else text.Append(letters.Contains(c) ? meanings[letters.IndexOf(c)] : c);
        }
        return text.ToString();
    }
}

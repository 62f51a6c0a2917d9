using System.Text.Json;
using Hone.Core;

namespace Hone.Models.Tokenizers.Loading;

/// <summary>A JSON value together with its place (<c>tokenizer.json: $.model.vocab</c>), so that errors can name it.</summary>
internal readonly record struct JsonSpec(JsonElement Element, string Path)
{
    private const int DeepestJson = 64;

    /// <summary>Parses UTF-8 JSON; <paramref name="name"/> stands in errors before the path.</summary>
    /// <exception cref="HoneException">Not JSON, or nested too deeply.</exception>
    public static JsonSpec Parse(ReadOnlyMemory<byte> json, string name)
    {
        try
        {
            ReadOnlyMemory<byte> body = json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json;
            return new(JsonDocument.Parse(body, new() { MaxDepth = DeepestJson }).RootElement, $"{name}: $");
        }
        catch (JsonException error)
        {
            throw new HoneException($"{name}: not valid JSON at line {error.LineNumber + 1}, column {error.BytePositionInLine + 1}.");
        }
    }

    public bool IsNull => Element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    public HoneException Error(string message) => new($"{Path}: {message}");

    /// <summary>A member, or a spec with <see cref="IsNull"/> when it is missing.</summary>
    public JsonSpec Get(string name)
    {
        if (Element.ValueKind != JsonValueKind.Object) throw Wrong("an object");
        try
        {
            return new(Element.TryGetProperty(name, out JsonElement value) ? value : default, $"{Path}.{name}");
        }
        catch (InvalidOperationException)
        {
            throw Error("a name holds half of a surrogate pair.");
        }
    }

    /// <summary>One element of a list that is long enough.</summary>
    public JsonSpec At(int index) => new(Element[index], $"{Path}[{index}]");

    /// <summary>The elements of a list.</summary>
    public IEnumerable<JsonSpec> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array) throw Wrong("a list");
        string path = Path;
        return Element.EnumerateArray().Select((item, i) => new JsonSpec(item, $"{path}[{i}]"));
    }

    /// <summary>The members of an object.</summary>
    public IEnumerable<(string Name, JsonSpec Value)> Members()
    {
        if (Element.ValueKind != JsonValueKind.Object) throw Wrong("an object");
        return Enumerate(Element, Path);
    }

    public string AsText()
    {
        if (Element.ValueKind != JsonValueKind.String) throw Wrong("a string");
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error("the string holds half of a surrogate pair.");
        }
    }

    public int AsInt(int least = 0)
    {
        if (Element.ValueKind != JsonValueKind.Number || !Element.TryGetInt32(out int value) || value < least)
            throw Wrong($"a whole number of at least {least}");
        return value;
    }

    public double AsNumber()
    {
        if (Element.ValueKind != JsonValueKind.Number) throw Wrong("a number");
        return Element.GetDouble();
    }

    public bool AsFlag() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    public string Text(string name) => Get(name).AsText();

    public string? OptionalText(string name) => Get(name) is { IsNull: false } value ? value.AsText() : null;

    public int Int(string name, int least = 0) => Get(name).AsInt(least);

    public bool Flag(string name, bool missing) => Get(name) is { IsNull: false } value ? value.AsFlag() : missing;

    /// <summary>One of the named values.</summary>
    public T Choice<T>(string name, T missing) where T : struct, Enum
    {
        JsonSpec value = Get(name);
        if (value.IsNull) return missing;
        string text = value.AsText();
        string plain = text.Replace("_", "", StringComparison.Ordinal);
        return Enum.TryParse(plain, ignoreCase: true, out T result) && Enum.IsDefined(result) && !char.IsAsciiDigit(plain.FirstOrDefault('0'))
            ? result
            : throw value.Error($"'{text}' is not one of {string.Join(", ", Enum.GetNames<T>())}.");
    }

    public HoneException Wrong(string expected)
    {
        string found = Element.ValueKind switch
        {
            JsonValueKind.Undefined => "nothing",
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            _ => Element.GetRawText() is { Length: > 60 } longText ? longText[..60] + "..." : Element.GetRawText(),
        };
        return Error($"expected {expected}, found {found}.");
    }

    private static IEnumerable<(string Name, JsonSpec Value)> Enumerate(JsonElement element, string path)
    {
        foreach (JsonProperty property in element.EnumerateObject()) yield return (NameOf(property, path), new(property.Value, path));
    }

    private static string NameOf(JsonProperty property, string path)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw new HoneException($"{path}: a name holds half of a surrogate pair.");
        }
    }
}

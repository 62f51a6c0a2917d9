using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Models.Templates;

/// <summary>Turns JSON into template values; a number is an integer or a float by its spelling, as in Python.</summary>
internal static class JsonValues
{
    public static JinjaValue FromJson(JsonNode? node)
    {
        StackGuard.Check();
        switch (node)
        {
            case null: return JinjaNone.Instance;
            case JsonObject fields:
                JinjaDict dict = new();
                foreach ((string key, JsonNode? value) in fields) dict.Set(key, FromJson(value));
                return dict;
            case JsonArray items: return new JinjaList([.. items.Select(FromJson)]);
            default: return FromScalar(node.AsValue());
        }
    }

    private static JinjaValue FromScalar(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.Null => JinjaNone.Instance,
        JsonValueKind.True => JinjaBool.True,
        JsonValueKind.False => JinjaBool.False,
        JsonValueKind.String => new JinjaString(value.GetValue<string>()),
        JsonValueKind.Number => Number(value),
        JsonValueKind kind => throw JinjaException.Type($"a JSON value of kind {kind} cannot be used in a template"),
    };

    private static JinjaValue Number(JsonValue value)
    {
        bool isText = value.TryGetValue(out JsonElement element);
        string text = isText ? element.GetRawText() : value.ToJsonString();
        // A number made in .NET has no spelling: its type decides.
        bool isFloat = isText ? text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0 : value.TryGetValue(out double _) || value.TryGetValue(out float _) || value.TryGetValue(out decimal _);
        if (isFloat) return new JinjaFloat(double.Parse(text, CultureInfo.InvariantCulture));
        if (text.Length > Numbers.MaxDigits) throw JinjaException.Value("a number has too many digits");
        return new JinjaInteger(BigInteger.Parse(text, CultureInfo.InvariantCulture));
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Evaluation.Checkers.Tools;

/// <summary>Whether two argument values mean the same.</summary>
public static class ToolValues
{
    /// <summary>
    /// Numbers by value (5 is 5.0), a number in quotes as that number and a truth value in quotes as that value, texts up to outer space,
    /// lists in order, objects by key.
    /// </summary>
    public static bool AreEqual(JsonNode? a, JsonNode? b) => (a, b) switch
    {
        (null, null) => true,
        (JsonArray x, JsonArray y) => x.Count == y.Count && x.Zip(y).All(p => AreEqual(p.First, p.Second)),
        (JsonObject x, JsonObject y) => x.Count == y.Count && x.All(f => y.ContainsKey(f.Key) && AreEqual(f.Value, y[f.Key])),
        (JsonValue x, JsonValue y) => AreEqual(x, y),
        _ => false,
    };

    private static bool AreEqual(JsonValue a, JsonValue b)
    {
        JsonValueKind first = a.GetValueKind(), second = b.GetValueKind();
        if (first == JsonValueKind.String && second == JsonValueKind.String) return Text(a) == Text(b);
        if (first == JsonValueKind.Number || second == JsonValueKind.Number)
            return Rational.Parse(Text(a)) is { } x && Rational.Parse(Text(b)) is { } y && x.Equals(y);
        return string.Equals(Text(a), Text(b), StringComparison.OrdinalIgnoreCase);
    }

    private static string Text(JsonValue value) => (value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString()).Trim();
}

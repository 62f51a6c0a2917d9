using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Core.Schema;

/// <summary>Equality of JSON values as JSON Schema defines it: 1 equals 1.0, true does not equal 1, order of keys does not matter.</summary>
public static class JsonEquality
{
    /// <summary>Whether two values are equal.</summary>
    public static bool AreEqual(JsonNode? a, JsonNode? b)
    {
        if (ExactNumber.TryRead(a) is { } x) return ExactNumber.TryRead(b) is { } y && x == y;
        return (a, b) switch
        {
            (null, null) => true,
            (JsonArray s, JsonArray t) => s.Count == t.Count && s.Zip(t).All(p => AreEqual(p.First, p.Second)),
            (JsonObject s, JsonObject t) => s.Count == t.Count && s.All(p => t.TryGetPropertyValue(p.Key, out JsonNode? other) && AreEqual(p.Value, other)),
            (JsonValue s, JsonValue t) => s.GetValueKind() == t.GetValueKind() && (s.GetValueKind() != JsonValueKind.String || s.GetValue<string>() == t.GetValue<string>()),
            _ => false,
        };
    }

    /// <summary>A hash that equal values share.</summary>
    public static int Hash(JsonNode? node)
    {
        if (ExactNumber.TryRead(node) is { } number) return number.GetHashCode();
        return node switch
        {
            null => 0,
            JsonArray items => items.Aggregate(items.Count, (hash, item) => HashCode.Combine(hash, Hash(item))),
            JsonObject fields => fields.Aggregate(fields.Count, (hash, field) => hash ^ HashCode.Combine(string.GetHashCode(field.Key, StringComparison.Ordinal), Hash(field.Value))),
            JsonValue value => value.GetValueKind() == JsonValueKind.String ? string.GetHashCode(value.GetValue<string>(), StringComparison.Ordinal) : (int)value.GetValueKind(),
            _ => 1,
        };
    }

    /// <summary>Whether all items differ.</summary>
    public static bool AreUnique(JsonArray items)
    {
        HashSet<JsonNode?> seen = new(Comparer);
        bool sawNull = false;
        foreach (JsonNode? item in items)
        {
            bool isNew = item is null ? !sawNull : seen.Add(item);
            sawNull |= item is null;
            if (!isNew) return false;
        }
        return true;
    }

    /// <summary>The same as a comparer.</summary>
    public static IEqualityComparer<JsonNode?> Comparer { get; } = EqualityComparer<JsonNode?>.Create(AreEqual, Hash);
}

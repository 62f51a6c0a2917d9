using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Core.Schema;

/// <summary>Keywords on numbers, texts and lists.</summary>
internal sealed partial class SchemaEvaluation
{
    private void CheckNumber(JsonObject schema, ExactNumber value, string at, string path)
    {
        Bound(schema, "minimum", b => value.CompareTo(b) >= 0, at, path, "at least");
        Bound(schema, "exclusiveMinimum", b => value.CompareTo(b) > 0, at, path, "above");
        Bound(schema, "maximum", b => value.CompareTo(b) <= 0, at, path, "at most");
        Bound(schema, "exclusiveMaximum", b => value.CompareTo(b) < 0, at, path, "below");
        Bound(schema, "multipleOf", b => b.Digits.Sign > 0 ? value.IsMultipleOf(b) : throw Malformed(path, "multipleOf must be above 0"), at, path, "a multiple of");
    }

    private void Bound(JsonObject schema, string keyword, Func<ExactNumber, bool> holds, string at, string path, string words)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node)) return;
        ExactNumber bound = ExactNumber.TryRead(node) ?? throw Malformed(path, $"{keyword} must be a number");
        if (!holds(bound)) Fail(keyword, at, $"{path}/{keyword}", $"must be {words} {node!.ToJsonString()}");
    }

    private void CheckText(JsonObject schema, string text, string at, string path)
    {
        int? min = Count(schema, "minLength", path), max = Count(schema, "maxLength", path);
        int length = min is null && max is null ? 0 : text.EnumerateRunes().Count();
        if (length < min) Fail("minLength", at, $"{path}/minLength", $"has {length} characters, at least {min} are expected");
        if (length > max) Fail("maxLength", at, $"{path}/maxLength", $"has {length} characters, at most {max} are allowed");
        if (!schema.TryGetPropertyValue("pattern", out JsonNode? node)) return;
        string pattern = TextOf(node) ?? throw Malformed(path, "pattern must be a text");
        if (!patterns.IsMatch(pattern, text)) Fail("pattern", at, $"{path}/pattern", $"{Describe(JsonValue.Create(text))} does not match '{pattern}'");
    }

    private static int? Count(JsonObject schema, string keyword, string path)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node)) return null;
        if (ExactNumber.TryRead(node) is not { IsInteger: true, Digits.Sign: >= 0 } number) throw Malformed(path, $"{keyword} must be a whole number of at least 0");
        return number.CompareTo(new ExactNumber(int.MaxValue, 0)) < 0 ? (int)number.ToInteger() : int.MaxValue;
    }

    private void CheckArray(JsonObject schema, JsonArray items, string at, string path, Evaluated seen)
    {
        if (items.Count < Count(schema, "minItems", path)) Fail("minItems", at, $"{path}/minItems", $"has {items.Count} items, too few");
        if (items.Count > Count(schema, "maxItems", path)) Fail("maxItems", at, $"{path}/maxItems", $"has {items.Count} items, too many");
        if (schema["uniqueItems"]?.GetValueKind() == JsonValueKind.True && !JsonEquality.AreUnique(items))
            Fail("uniqueItems", at, $"{path}/uniqueItems", "has items that are equal");
        CheckItems(schema, items, at, path, seen);
        CheckContains(schema, items, at, path, seen);
        if (IsDraft7 || !schema.TryGetPropertyValue("unevaluatedItems", out JsonNode? rest)) return;
        bool allPass = true;
        for (int i = 0; i < items.Count; i++)
            if (!seen.Items.Contains(i)) allPass &= Passes(rest, items[i], $"{at}/{i}", $"{path}/unevaluatedItems", out _);
        if (!allPass) Fail("unevaluatedItems", at, $"{path}/unevaluatedItems", "has items that nothing describes");
        seen.Items.UnionWith(Enumerable.Range(0, items.Count));
    }

    private void CheckItems(JsonObject schema, JsonArray items, string at, string path, Evaluated seen)
    {
        schema.TryGetPropertyValue("items", out JsonNode? each);
        string tupleKey = IsDraft7 ? "items" : "prefixItems", restKey = IsDraft7 && each is JsonArray ? "additionalItems" : "items";
        JsonArray tuple = schema[tupleKey] as JsonArray ?? [];
        if (!IsDraft7 && each is JsonArray) throw Malformed(path, "items must be a schema; a list of schemas is written prefixItems");
        for (int i = 0; i < Math.Min(tuple.Count, items.Count); i++)
        {
            Check(tuple[i], items[i], $"{at}/{i}", $"{path}/{tupleKey}/{i}");
            seen.Items.Add(i);
        }
        if (!schema.TryGetPropertyValue(restKey, out JsonNode? rest) || items.Count <= tuple.Count) return;
        if (rest?.ToJsonString() == "false" && restKey == "additionalItems") Fail(restKey, at, $"{path}/{restKey}", $"has more than {tuple.Count} items");
        else if (rest?.ToJsonString() == "false") Fail("items", at, $"{path}/items", $"has more than {tuple.Count} items");
        else
            for (int i = tuple.Count; i < items.Count; i++) Check(rest, items[i], $"{at}/{i}", $"{path}/{restKey}");
        seen.Items.UnionWith(Enumerable.Range(0, items.Count));
    }

    private void CheckContains(JsonObject schema, JsonArray items, string at, string path, Evaluated seen)
    {
        if (!schema.TryGetPropertyValue("contains", out JsonNode? contained)) return;
        int[] matching = [.. Enumerable.Range(0, items.Count).Where(i => Passes(contained, items[i], $"{at}/{i}", $"{path}/contains", out _))];
        if (!IsDraft7) seen.Items.UnionWith(matching);
        int min = IsDraft7 ? 1 : Count(schema, "minContains", path) ?? 1;
        int? max = IsDraft7 ? null : Count(schema, "maxContains", path);
        if (matching.Length > max) Fail("maxContains", at, $"{path}/contains", $"has {matching.Length} fitting items, at most {max} are allowed");
        else if (matching.Length == 0 && min > 0) Fail("contains", at, $"{path}/contains", "has no item that fits");
        else if (matching.Length < min) Fail("minContains", at, $"{path}/contains", $"has {matching.Length} fitting items, at least {min} are expected");
    }
}

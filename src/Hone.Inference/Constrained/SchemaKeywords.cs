using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Schema;

namespace Hone.Inference.Constrained;

/// <summary>Reads the keywords of one schema object into a shape. Those that say something else than the shape can hold are noted.</summary>
internal static class SchemaKeywords
{
    private static readonly (string Keyword, JsonTypes Types)[] Unenforced =
    [
        ("not", JsonTypes.All), ("if", JsonTypes.All), ("$dynamicRef", JsonTypes.All), ("$recursiveRef", JsonTypes.All), ("contains", JsonTypes.Array),
        ("unevaluatedItems", JsonTypes.Array), ("unevaluatedProperties", JsonTypes.Object), ("dependentRequired", JsonTypes.Object),
        ("dependentSchemas", JsonTypes.Object), ("dependencies", JsonTypes.Object),
    ];

    public static void Apply(JsonObject schema, SchemaShape shape, SchemaDraft draft)
    {
        ApplyTypes(schema, shape);
        ApplyNumbers(schema, shape);
        ApplyTexts(schema, shape);
        ApplyArrays(schema, shape, draft);
        ApplyObjects(schema, shape);
        foreach ((string keyword, JsonTypes types) in Unenforced)
            if (schema.ContainsKey(keyword)) shape.Unsupported.Add((keyword, types));
        foreach (string keyword in new[] { "minContains", "maxContains" })
            if (schema.ContainsKey("contains") && schema.ContainsKey(keyword)) shape.Unsupported.Add((keyword, JsonTypes.Array));
        if (IsTrue(schema["uniqueItems"])) shape.Unsupported.Add(("uniqueItems", JsonTypes.Array));
    }

    private static void ApplyTypes(JsonObject schema, SchemaShape shape)
    {
        if (schema.TryGetPropertyValue("type", out JsonNode? type))
        {
            IEnumerable<JsonNode?> names = type is JsonArray list ? list : new[] { type };
            shape.Types &= names.Aggregate(JsonTypes.None, (types, name) => types | TypeOf(name));
        }
        if (schema.TryGetPropertyValue("enum", out JsonNode? values))
            Restrict(shape, values as JsonArray ?? throw Malformed("enum must be a list"));
        if (schema.TryGetPropertyValue("const", out JsonNode? value)) Restrict(shape, [value]);
    }

    private static void Restrict(SchemaShape shape, IEnumerable<JsonNode?> values) =>
        shape.Values = shape.Values is null ? [.. values] : [.. shape.Values.Where(v => values.Any(other => JsonEquality.AreEqual(v, other)))];

    private static JsonTypes TypeOf(JsonNode? name) => Text(name) switch
    {
        "null" => JsonTypes.Null,
        "boolean" => JsonTypes.Boolean,
        "integer" => JsonTypes.Integer,
        "number" => JsonTypes.Number,
        "string" => JsonTypes.Text,
        "array" => JsonTypes.Array,
        "object" => JsonTypes.Object,
        _ => throw Malformed($"{name?.ToJsonString() ?? "null"} is not a type. Known: array, boolean, integer, null, number, object, string"),
    };

    private static void ApplyNumbers(JsonObject schema, SchemaShape shape)
    {
        if (Number(schema, "minimum") is { } minimum) shape.AtLeast(minimum, excluded: false);
        if (Number(schema, "exclusiveMinimum") is { } above) shape.AtLeast(above, excluded: true);
        if (Number(schema, "maximum") is { } maximum) shape.AtMost(maximum, excluded: false);
        if (Number(schema, "exclusiveMaximum") is { } below) shape.AtMost(below, excluded: true);
        if (Number(schema, "multipleOf") is not { } divisor) return;
        if (divisor.Digits.Sign <= 0) throw Malformed("multipleOf must be above 0");
        shape.MultipleOf.Add(divisor);
    }

    private static void ApplyTexts(JsonObject schema, SchemaShape shape)
    {
        shape.MinLength = Math.Max(shape.MinLength, Count(schema, "minLength") ?? 0);
        shape.MaxLength = Smaller(shape.MaxLength, Count(schema, "maxLength"));
        if (schema.TryGetPropertyValue("pattern", out JsonNode? pattern)) shape.Patterns.Add(Text(pattern) ?? throw Malformed("pattern must be a text"));
        if (schema.TryGetPropertyValue("format", out JsonNode? format)) shape.Formats.Add(Text(format) ?? throw Malformed("format must be a text"));
    }

    private static void ApplyArrays(JsonObject schema, SchemaShape shape, SchemaDraft draft)
    {
        shape.MinItems = Math.Max(shape.MinItems, Count(schema, "minItems") ?? 0);
        shape.MaxItems = Smaller(shape.MaxItems, Count(schema, "maxItems"));
        // Both spellings of a tuple are read whatever the draft, as the reference engine does.
        JsonArray tuple = schema["prefixItems"] as JsonArray ?? schema["items"] as JsonArray ?? [];
        JsonNode? rest = schema["items"] is JsonArray ? schema["additionalItems"] : schema["items"];
        if (draft == SchemaDraft.Draft7 && schema["items"] is not JsonArray) tuple = [];
        if (tuple.Count > 0 || rest is not null) shape.Arrays.Add(new ArrayPart(tuple, rest));
    }

    private static void ApplyObjects(JsonObject schema, SchemaShape shape)
    {
        shape.MinProperties = Math.Max(shape.MinProperties, Count(schema, "minProperties") ?? 0);
        shape.MaxProperties = Smaller(shape.MaxProperties, Count(schema, "maxProperties"));
        foreach (JsonNode? name in schema["required"] as JsonArray ?? [])
            if (Text(name) is { } text && !shape.Required.Contains(text)) shape.Required.Add(text);
        JsonObject properties = schema["properties"] as JsonObject ?? [], byPattern = schema["patternProperties"] as JsonObject ?? [];
        if (properties.Count > 0 || byPattern.Count > 0 || schema.ContainsKey("additionalProperties"))
            shape.Objects.Add(new ObjectPart(properties, byPattern, schema["additionalProperties"]));
        if (schema["propertyNames"] is { } names) shape.Names.Add(names);
    }

    private static ExactNumber? Number(JsonObject schema, string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node)) return null;
        return ExactNumber.TryRead(node) ?? throw Malformed($"{keyword} must be a number");
    }

    private static int? Count(JsonObject schema, string keyword)
    {
        if (Number(schema, keyword) is not { } number) return null;
        if (!number.IsInteger || number.Digits.Sign < 0) throw Malformed($"{keyword} must be a whole number of at least 0");
        return number.CompareTo(new ExactNumber(int.MaxValue, 0)) < 0 ? (int)number.ToInteger() : int.MaxValue;
    }

    private static int? Smaller(int? a, int? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

    private static string? Text(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static bool IsTrue(JsonNode? node) => node?.GetValueKind() == JsonValueKind.True;

    public static HoneException Malformed(string problem) => new($"the JSON schema is malformed: {problem}.");
}

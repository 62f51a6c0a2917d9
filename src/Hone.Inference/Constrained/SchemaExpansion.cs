using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Schema;

namespace Hone.Inference.Constrained;

/// <summary>
/// Turns schemas that must all hold into alternatives: follows references, merges allOf, and takes anyOf and oneOf apart.
/// </summary>
/// <param name="document">Where references lead.</param>
/// <param name="areDisjoint">Proof that the branches of a oneOf exclude each other; null takes oneOf for anyOf.</param>
internal sealed class SchemaExpansion(SchemaDocument document, Func<IReadOnlyList<SchemaShape>, IReadOnlyList<SchemaShape>, bool>? areDisjoint)
{
    private const int MaxAlternatives = 2000;

    private int made;

    /// <summary>The alternatives; none when nothing can meet the schemas.</summary>
    /// <exception cref="HoneException">Malformed, too many alternatives, or a oneOf whose branches may overlap.</exception>
    public List<SchemaShape> Expand(IEnumerable<JsonNode> schemas)
    {
        made = 0;
        return Expand(new SchemaShape(), [.. schemas.Select(s => new Pending(s, null, false))], [], []);
    }

    /// <summary>A schema still to be read, with the schemas at the same place of the value that led to it.</summary>
    private sealed record Pending(JsonNode Schema, Pending? From, bool ByChoice)
    {
        /// <summary>Whether the schema led to itself, and if so, whether through a choice.</summary>
        public bool? Circle()
        {
            bool choice = ByChoice;
            for (Pending? at = From; at is not null; at = at.From)
            {
                if (ReferenceEquals(at.Schema, Schema)) return choice;
                choice |= at.ByChoice;
            }
            return null;
        }
    }

    private List<SchemaShape> Expand(SchemaShape shape, List<Pending> pending, HashSet<JsonNode> read, List<(JsonArray Options, Pending From)> choices)
    {
        if (++made > MaxAlternatives)
            throw new HoneException($"the JSON schema has more than {MaxAlternatives} combinations of alternatives at one place. Use fewer anyOf and oneOf together.");
        for (int i = 0; i < pending.Count; i++)
        {
            Pending next = pending[i];
            // A schema that is met when it is met: as a choice it leads nowhere, by itself it asks for nothing more.
            if (next.Circle() is { } byChoice)
            {
                if (byChoice) return [];
                continue;
            }
            if (next.Schema is JsonValue flag && flag.GetValueKind() == JsonValueKind.False) return [];
            if (next.Schema is not JsonObject schema || !read.Add(schema)) continue;
            Read(schema, shape, next, pending, choices);
        }
        if (choices.Count == 0) return [shape];
        (JsonArray options, Pending from) = choices[0];
        return [.. options.SelectMany(option => Expand(shape.Copy(), [new Pending(option ?? throw SchemaKeywords.Malformed("null is not a schema"), from, true)],
            new HashSet<JsonNode>(read, ReferenceEqualityComparer.Instance), choices[1..]))];
    }

    private void Read(JsonObject schema, SchemaShape shape, Pending place, List<Pending> pending, List<(JsonArray, Pending)> choices)
    {
        if (schema.TryGetPropertyValue("$ref", out JsonNode? reference))
        {
            bool isText = reference is JsonValue && reference.GetValueKind() == JsonValueKind.String;
            string target = isText ? reference!.GetValue<string>() : throw SchemaKeywords.Malformed("$ref must be a text");
            pending.Add(new Pending(document.Resolve(schema, target), place, false));
            if (document.Draft == SchemaDraft.Draft7) return;
        }
        SchemaKeywords.Apply(schema, shape, document.Draft);
        foreach (JsonNode? part in List(schema, "allOf")) pending.Add(new Pending(part ?? throw SchemaKeywords.Malformed("null is not a schema"), place, false));
        if (schema.ContainsKey("anyOf")) choices.Add((List(schema, "anyOf"), place));
        if (!schema.ContainsKey("oneOf")) return;
        JsonArray options = List(schema, "oneOf");
        if (areDisjoint is not null) CheckDisjoint(schema, options, areDisjoint);
        choices.Add((options, place));
    }

    private void CheckDisjoint(JsonObject schema, JsonArray options, Func<IReadOnlyList<SchemaShape>, IReadOnlyList<SchemaShape>, bool> areDisjoint)
    {
        List<SchemaShape>[] expanded =
            [.. options.Select(o => new SchemaExpansion(document, null).Expand([o ?? throw SchemaKeywords.Malformed("null is not a schema")]))];
        for (int i = 0; i < expanded.Length; i++)
            for (int j = i + 1; j < expanded.Length; j++)
                if (!areDisjoint(expanded[i], expanded[j]))
                    throw new HoneException(
                        $"oneOf cannot be enforced here: alternatives {i} and {j} of {Short(schema)} may both hold. "
                        + "Use anyOf, or make them exclude each other by type, a constant or a required property.");
    }

    private static JsonArray List(JsonObject schema, string keyword) => schema.TryGetPropertyValue(keyword, out JsonNode? node)
        ? node as JsonArray ?? throw SchemaKeywords.Malformed($"{keyword} must be a list") : [];

    private static string Short(JsonObject schema)
    {
        string text = schema.ToJsonString(Jsonl.Compact);
        return text.Length <= 100 ? text : text[..97] + "...";
    }
}

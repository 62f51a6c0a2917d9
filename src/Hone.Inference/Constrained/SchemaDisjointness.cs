using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Inference.Constrained;

/// <summary>Proves that two sets of alternatives have no value in common; when in doubt, says no.</summary>
internal sealed class SchemaDisjointness(SchemaDocument document, TextLanguages texts, JsonSchemaValidator validator)
{
    private const int MaxDepth = 6;

    private int depth;

    public bool AreDisjoint(IReadOnlyList<SchemaShape> a, IReadOnlyList<SchemaShape> b)
    {
        if (++depth > MaxDepth) return Left(false);
        return Left(a.All(x => b.All(y => AreDisjoint(x, y))));
    }

    private bool Left(bool result)
    {
        depth--;
        return result;
    }

    private bool AreDisjoint(SchemaShape a, SchemaShape b)
    {
        if (a.Values is not null && b.Values is not null) return !a.Values.Any(v => b.Values.Any(w => JsonEquality.AreEqual(v, w)));
        JsonTypes common = a.Types & b.Types & (TypesOf(a.Values) ?? JsonTypes.All) & (TypesOf(b.Values) ?? JsonTypes.All);
        if ((common & (JsonTypes.Null | JsonTypes.Boolean)) != 0) return false;
        if ((common & JsonTypes.Number) != 0 && !NumbersApart(a, b)) return false;
        if ((common & JsonTypes.Text) != 0 && !texts.Of(a).Intersect(texts.Of(b)).IsEmpty) return false;
        if ((common & JsonTypes.Array) != 0 && !(a.MaxItems < b.MinItems || b.MaxItems < a.MinItems)) return false;
        return (common & JsonTypes.Object) == 0 || ObjectsApart(a, b);
    }

    private static JsonTypes? TypesOf(IReadOnlyList<JsonNode?>? values) => values?.Aggregate(JsonTypes.None, (types, v) => types | v?.GetValueKind() switch
    {
        null or System.Text.Json.JsonValueKind.Null => JsonTypes.Null,
        System.Text.Json.JsonValueKind.String => JsonTypes.Text,
        System.Text.Json.JsonValueKind.Array => JsonTypes.Array,
        System.Text.Json.JsonValueKind.Object => JsonTypes.Object,
        System.Text.Json.JsonValueKind.Number => ExactNumber.TryRead(v) is { IsInteger: true } ? JsonTypes.Integer : JsonTypes.Fraction,
        _ => JsonTypes.Boolean,
    });

    private static bool NumbersApart(SchemaShape a, SchemaShape b) => Below(a, b) || Below(b, a);

    private static bool Below(SchemaShape a, SchemaShape b)
    {
        if (a.Maximum is not { } top || b.Minimum is not { } bottom) return false;
        int order = top.CompareTo(bottom);
        return order < 0 || (order == 0 && (a.ExcludesMaximum || b.ExcludesMinimum));
    }

    // Apart when a property both must have, or one must and the other may, cannot meet both.
    private bool ObjectsApart(SchemaShape a, SchemaShape b)
    {
        if (a.Values is not null || b.Values is not null) return false;
        foreach (string name in a.Required.Union(b.Required))
        {
            List<SchemaShape> inA = Expand(a, name), inB = Expand(b, name);
            if (AreDisjoint(inA, inB)) return true;
        }
        return false;
    }

    // Taking oneOf for anyOf there only makes the sets larger: what is apart then is apart.
    private List<SchemaShape> Expand(SchemaShape shape, string name) =>
        new SchemaExpansion(document, null).Expand(shape.SchemasOf(name, validator.Matches));
}

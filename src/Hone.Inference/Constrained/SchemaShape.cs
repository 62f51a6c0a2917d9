using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Inference.Constrained;

/// <summary>The types of JSON; numbers with and without a fraction are told apart.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Integer = 4,
    Fraction = 8,
    Text = 16,
    Array = 32,
    Object = 64,
    Number = Integer | Fraction,
    All = Null | Boolean | Number | Text | Array | Object,
}

/// <summary>
/// One alternative of a schema with all its keywords collected: $ref followed, allOf merged, anyOf and oneOf chosen.
/// </summary>
internal sealed record SchemaShape
{
    public JsonTypes Types { get; set; } = JsonTypes.All;

    /// <summary>The only values, or null.</summary>
    public IReadOnlyList<JsonNode?>? Values { get; set; }

    public ExactNumber? Minimum { get; set; }

    public ExactNumber? Maximum { get; set; }

    public bool ExcludesMinimum { get; set; }

    public bool ExcludesMaximum { get; set; }

    public List<ExactNumber> MultipleOf { get; init; } = [];

    public int MinLength { get; set; }

    public int? MaxLength { get; set; }

    public List<string> Patterns { get; init; } = [];

    public List<string> Formats { get; init; } = [];

    public int MinItems { get; set; }

    public int? MaxItems { get; set; }

    public List<ArrayPart> Arrays { get; init; } = [];

    public int MinProperties { get; set; }

    public int? MaxProperties { get; set; }

    public List<string> Required { get; init; } = [];

    public List<ObjectPart> Objects { get; init; } = [];

    /// <summary>Schemas for keys (propertyNames).</summary>
    public List<JsonNode> Names { get; init; } = [];

    /// <summary>Keywords that cannot be enforced, with the types they speak about.</summary>
    public List<(string Keyword, JsonTypes Types)> Unsupported { get; init; } = [];

    /// <summary>A copy whose lists are its own.</summary>
    public SchemaShape Copy() => this with
    {
        MultipleOf = [.. MultipleOf],
        Patterns = [.. Patterns],
        Formats = [.. Formats],
        Arrays = [.. Arrays],
        Required = [.. Required],
        Objects = [.. Objects],
        Names = [.. Names],
        Unsupported = [.. Unsupported],
    };

    public void AtLeast(ExactNumber bound, bool excluded)
    {
        int order = Minimum is { } old ? bound.CompareTo(old) : 1;
        if (order > 0) (Minimum, ExcludesMinimum) = (bound, excluded);
        else if (order == 0) ExcludesMinimum |= excluded;
    }

    public void AtMost(ExactNumber bound, bool excluded)
    {
        int order = Maximum is { } old ? bound.CompareTo(old) : -1;
        if (order < 0) (Maximum, ExcludesMaximum) = (bound, excluded);
        else if (order == 0) ExcludesMaximum |= excluded;
    }

    /// <summary>The schemas that a property of this name must meet.</summary>
    public List<JsonNode> SchemasOf(string name, Func<string, string, bool> matches) => [.. Objects.SelectMany(part => part.SchemasOf(name, matches))];

    /// <summary>The schemas that the item at an index must meet.</summary>
    public List<JsonNode> SchemasOf(int index) => [.. Arrays.Select(part => part.SchemaOf(index)).OfType<JsonNode>()];
}

/// <summary>properties, patternProperties and additionalProperties of one schema.</summary>
internal sealed record ObjectPart(JsonObject Properties, JsonObject ByPattern, JsonNode? Additional)
{
    public IEnumerable<JsonNode> SchemasOf(string name, Func<string, string, bool> matches)
    {
        bool declared = Properties.TryGetPropertyValue(name, out JsonNode? own);
        List<JsonNode> found = declared ? [own!] : [];
        found.AddRange(ByPattern.Where(p => matches(p.Key, name)).Select(p => p.Value!));
        return found.Count > 0 || Additional is null ? found : [Additional];
    }

    /// <summary>The schemas of an undeclared key that matches just the patterns for which <paramref name="isMatched"/> holds.</summary>
    public IEnumerable<JsonNode> SchemasOfOther(Func<string, bool> isMatched)
    {
        JsonNode[] found = [.. ByPattern.Where(p => isMatched(p.Key)).Select(p => p.Value!)];
        return found.Length > 0 || Additional is null ? found : [Additional];
    }
}

/// <summary>The items of one schema: a tuple, then the same for all.</summary>
internal sealed record ArrayPart(JsonArray Tuple, JsonNode? Rest)
{
    public JsonNode? SchemaOf(int index) => index < Tuple.Count ? Tuple[index] : Rest;
}

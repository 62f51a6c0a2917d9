using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hone.Core.Recipes;

/// <summary>
/// YAML text to a tree that remembers places. Anchors, tags and several documents are refused: a recipe is data that one
/// reads from top to bottom, and anchors would let a small file expand into a huge one.
/// </summary>
internal sealed class RecipeParser
{
    private const int MaxDepth = 32;

    private readonly IParser parser;
    private readonly Func<Mark, Place> placeOf;

    private RecipeParser(string text, Func<Mark, Place> placeOf) =>
        (parser, this.placeOf) = (new Parser(new StringReader(text)), placeOf);

    /// <summary>The only document of a file; an empty file is an empty map.</summary>
    public static RecipeNode ParseFile(string text, string path) =>
        Parse(text, mark => new Place(path, (int)mark.Line, (int)mark.Column));

    /// <summary>A value given on the command line, e.g. <c>[a, b]</c>.</summary>
    public static RecipeNode ParseValue(string text, Place place) => Parse(text, _ => place);

    private static RecipeNode Parse(string text, Func<Mark, Place> placeOf)
    {
        RecipeParser parser = new(text, placeOf);
        try
        {
            return parser.Document();
        }
        catch (YamlException error)
        {
            throw placeOf(error.Start).Error($"not valid YAML: {Reason(error)}");
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException)
        {
            // What YamlDotNet's scanner throws on some damaged texts (found by RecipeFuzzTests) instead of its own exception.
            throw placeOf(parser.parser.Current?.End ?? Mark.Empty).Error("not valid YAML near here.");
        }
    }

    private RecipeNode Document()
    {
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out StreamEnd? end)) return new RecipeMap(placeOf(end.Start));
        parser.Consume<DocumentStart>();
        RecipeNode root = Node(0);
        parser.Consume<DocumentEnd>();
        if (parser.TryConsume<DocumentStart>(out DocumentStart? second))
            throw placeOf(second.Start).Error("a second document begins here; a recipe is one document.");
        parser.Consume<StreamEnd>();
        return root;
    }

    private RecipeNode Node(int depth)
    {
        ParsingEvent current = parser.Current ?? throw new InvalidOperationException("The YAML parser stopped early.");
        Place place = placeOf(current.Start);
        if (depth > MaxDepth) throw place.Error($"nested deeper than {MaxDepth} levels.");
        if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false })
            throw place.Error("anchors and aliases are not supported; write the value out.");
        if (current is NodeEvent { Tag.IsEmpty: false } node && node.Tag.Value != "!")
            throw place.Error($"tags such as '{node.Tag.Value}' are not supported; write the plain value.");
        return current switch
        {
            Scalar => ScalarAt(place),
            SequenceStart => Sequence(place, depth),
            MappingStart => Mapping(place, depth),
            _ => throw place.Error("expected a value here."),
        };
    }

    private RecipeScalar ScalarAt(Place place)
    {
        Scalar scalar = parser.Consume<Scalar>();
        bool isQuoted = scalar.Style != ScalarStyle.Plain;
        bool isNull = !isQuoted && (scalar.Value is "" or "~" or "null");
        return new RecipeScalar(place, isNull ? null : scalar.Value, isQuoted);
    }

    private RecipeList Sequence(Place place, int depth)
    {
        parser.Consume<SequenceStart>();
        RecipeList list = new(place);
        while (!parser.TryConsume<SequenceEnd>(out _)) list.Items.Add(Node(depth + 1));
        return list;
    }

    private RecipeMap Mapping(Place place, int depth)
    {
        parser.Consume<MappingStart>();
        RecipeMap map = new(place);
        HashSet<string> seen = new(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            Place keyPlace = placeOf(parser.Current!.Start);
            if (Node(depth + 1) is not RecipeScalar { Text: { } key }) throw keyPlace.Error("a key must be plain text.");
            if (!seen.Add(key)) throw keyPlace.Error($"'{key}' is given twice.");
            map.Entries.Add(new RecipeEntry(key, keyPlace, Node(depth + 1)));
        }
        return map;
    }

    private static string Reason(YamlException error)
    {
        string text = error.InnerException?.Message ?? error.Message;
        return text.TrimEnd('.') + ".";
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Automata;

namespace Hone.Inference.Constrained;

/// <summary>The texts a shape allows, as an automaton over their letters before JSON escapes them.</summary>
internal sealed class TextLanguages
{
    private const int MaxLength = 10_000;

    private readonly Dictionary<string, CodePointAutomaton> known = new(StringComparer.Ordinal);

    /// <summary>Any text.</summary>
    public static CodePointAutomaton Any { get; } = CodePointAutomaton.OfLength(0, null);

    /// <summary>Length, patterns and formats together; and the values, where they are given.</summary>
    /// <exception cref="HoneException">A pattern that is not regular, an unknown format, or too many states.</exception>
    public CodePointAutomaton Of(SchemaShape shape)
    {
        if (shape.Values is not null)
            return CodePointAutomaton.OfTexts(shape.Values.OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>()));
        CodePointAutomaton texts = shape.MinLength == 0 && shape.MaxLength is null ? Any : Lengths(shape.MinLength, shape.MaxLength);
        foreach (string format in shape.Formats) texts = texts.Intersect(Known("format " + format, () => RegularPattern.Whole(TextFormats.Find(format)).ToAutomaton()));
        foreach (string pattern in shape.Patterns) texts = texts.Intersect(Matching(pattern));
        return texts;
    }

    // A larger limit is made narrower, which keeps every text valid.
    private CodePointAutomaton Lengths(int min, int? max)
    {
        int? limit = max > MaxLength && min <= MaxLength ? MaxLength : max;
        return Known($"length {min} {limit}", () => CodePointAutomaton.OfLength(min, limit));
    }

    /// <summary>Texts in which the pattern is found.</summary>
    public CodePointAutomaton Matching(string pattern) => Known("pattern " + pattern, () => RegularPattern.Search(pattern).ToAutomaton());

    private CodePointAutomaton Known(string key, Func<CodePointAutomaton> make)
    {
        if (!known.TryGetValue(key, out CodePointAutomaton? automaton)) known[key] = automaton = make();
        return automaton;
    }
}

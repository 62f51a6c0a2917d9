using System.Globalization;
using Hone.Core;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Patterns;

/// <summary>
/// Reads the syntax of Oniguruma (Ruby flavour) as far as tokenizer files use it. Works on code points, where .NET's own
/// regular expressions see UTF-16 units and would split letters outside the first 64 Ki.
/// </summary>
internal sealed partial class PatternParser
{
    private const int DeepestNesting = 100;
    private readonly string text;
    private readonly Dictionary<string, int> names = [];
    private int position;
    private bool ignoreCase, dotAll, extended;
    private int depth;

    private PatternParser(string text) => this.text = text;

    /// <summary>Number of capturing groups.</summary>
    public int Groups { get; private set; }

    /// <exception cref="HoneException">The pattern is malformed or uses something not supported.</exception>
    public static (PatternNode Root, int Groups) Parse(string pattern)
    {
        PatternParser parser = new(pattern);
        PatternNode root = parser.ParseChoice();
        if (parser.position < pattern.Length) throw parser.Error("a ')' without its '('");
        return (root, parser.Groups);
    }

    private bool AtEnd => position >= text.Length;

    private PatternNode ParseChoice()
    {
        if (++depth > DeepestNesting) throw Error($"groups nested deeper than {DeepestNesting}");
        (bool oldCase, bool oldDot, bool oldExtended) = (ignoreCase, dotAll, extended);
        List<PatternNode> options = [ParseSequence()];
        while (TryTake("|")) options.Add(ParseSequence());
        (ignoreCase, dotAll, extended) = (oldCase, oldDot, oldExtended);
        depth--;
        return options.Count == 1 ? options[0] : new ChoiceNode(options);
    }

    private PatternNode ParseSequence()
    {
        List<PatternNode> items = [];
        while (!AtEnd && text[position] is not ('|' or ')'))
        {
            if (extended && SkipExtended()) continue;
            PatternNode? atom = ParseAtom();
            if (atom is not null) items.Add(ParseQuantifiers(atom));
        }
        return items.Count == 1 ? items[0] : new SequenceNode(items);
    }

    private bool SkipExtended()
    {
        if (text[position] == '#')
        {
            while (!AtEnd && text[position] != '\n') position++;
            return true;
        }
        if (!char.IsWhiteSpace(text[position])) return false;
        position++;
        return true;
    }

    private PatternNode? ParseAtom()
    {
        switch (text[position])
        {
            case '(':
                position++;
                return ParseGroup();
            case '[':
                position++;
                return new SetNode(ParseClass());
            case '\\':
                position++;
                return ParseEscape();
            case '.':
                position++;
                return new SetNode(dotAll ? new CharSet(_ => true) : new CharSet(c => c != '\n'));
            case '^':
                position++;
                return new AnchorNode(Anchor.LineStart);
            case '$':
                position++;
                return new AnchorNode(Anchor.LineEnd);
            case '*' or '+' or '?':
                throw Error("a quantifier with nothing before it");
            default:
                return new SetNode(CharSet.Of(TakeCodePoint(), ignoreCase));
        }
    }

    private PatternNode ParseQuantifiers(PatternNode atom)
    {
        while (!AtEnd)
        {
            (int min, int max) = text[position] switch { '*' => (0, -1), '+' => (1, -1), '?' => (0, 1), _ => (-1, -1) };
            bool braces = min < 0;
            if (!braces) position++;
            else if (!TryBraces(out min, out max)) return atom;
            RepeatKind kind = RepeatKind.Greedy;
            if (TryTake("?")) kind = RepeatKind.Lazy;
            else if (!braces && TryTake("+")) kind = RepeatKind.Possessive;
            atom = new RepeatNode(atom, min, max, kind);
        }
        return atom;
    }

    /// <summary>{n}, {n,}, {n,m} or {,m}; anything else in braces is literal text.</summary>
    private bool TryBraces(out int min, out int max)
    {
        (min, max) = (0, 0);
        if (text[position] != '{') return false;
        int close = text.IndexOf('}', position);
        if (close < 0) return false;
        string[] parts = text[(position + 1)..close].Split(',');
        if (parts.Length > 2 || parts.All(p => p.Length == 0)) return false;
        if (!Bound(parts[0], 0, out min) || !Bound(parts[^1], -1, out max)) return false;
        if (max >= 0 && max < min) throw Error($"'{{{min},{max}}}' with the larger number first");
        position = close + 1;
        return true;
    }

    private bool Bound(string digits, int missing, out int value)
    {
        value = missing;
        if (digits.Length == 0) return true;
        if (!digits.All(char.IsAsciiDigit)) return false;
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value) || value > 1000)
            throw Error("a repeat count above 1000");
        return true;
    }

    private int TakeCodePoint()
    {
        int codePoint = CodePoints.At(text, position, out int size);
        position += size;
        return codePoint;
    }

    private bool TryTake(string expected)
    {
        if (string.CompareOrdinal(text, position, expected, 0, expected.Length) != 0) return false;
        position += expected.Length;
        return true;
    }

    private HoneException Error(string problem) =>
        new($"pattern '{(text.Length > 80 ? text[..80] + "..." : text)}': {problem} at character {position + 1}.");
}

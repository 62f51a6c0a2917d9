using System.Text;

namespace Hone.Core.Automata;

/// <summary>
/// Reads the regular part of regular expressions. What no finite automaton can do (look-around, backreferences, word
/// boundaries, atomic groups, possessive repetition) is refused by name.
/// </summary>
internal sealed partial class RegexParser
{
    private const int MaxDepth = 200;

    private readonly string pattern;
    private readonly int[] text;
    private readonly RegexDialect dialect;
    private int at;
    private int depth;
    private bool ignoreCase;
    private bool dotAll;

    private RegexParser(string pattern, RegexDialect dialect)
    {
        this.pattern = pattern;
        this.dialect = dialect;
        text = [.. pattern.EnumerateRunes().Select(r => r.Value)];
    }

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="HoneException">Malformed, or not regular.</exception>
    public static RegexNode Parse(string pattern, RegexDialect dialect)
    {
        RegexParser parser = new(pattern, dialect);
        RegexNode node = parser.ParseChoice();
        return parser.at == parser.text.Length ? node : throw parser.Error("unmatched ')'");
    }

    private int Current => at < text.Length ? text[at] : -1;

    private HoneException Error(string problem) => new($"regular expression '{pattern}', at {at}: {problem}.");

    private HoneException Unsupported(string feature) => Error($"{feature} cannot be turned into an automaton and is not supported");

    private bool Skip(char c)
    {
        if (Current != c) return false;
        at++;
        return true;
    }

    private bool SkipText(string expected)
    {
        for (int i = 0; i < expected.Length; i++)
            if (at + i >= text.Length || text[at + i] != expected[i]) return false;
        at += expected.Length;
        return true;
    }

    private RegexNode ParseChoice()
    {
        if (++depth > MaxDepth) throw Error($"nested more than {MaxDepth} deep");
        (bool outerCase, bool outerDot) = (ignoreCase, dotAll);
        List<RegexNode> options = [ParseSequence()];
        while (Skip('|')) options.Add(ParseSequence());
        (ignoreCase, dotAll) = (outerCase, outerDot);
        depth--;
        return options.Count == 1 ? options[0] : new RegexNode.Choice(options);
    }

    private RegexNode.Sequence ParseSequence()
    {
        List<RegexNode> parts = [];
        while (Current is not (-1 or '|' or ')'))
        {
            RegexNode? atom = ParseAtom();
            if (atom is not null) parts.Add(ParseRepeats(atom));
        }
        return new RegexNode.Sequence(parts);
    }

    private RegexNode? ParseAtom()
    {
        int c = text[at++];
        switch (c)
        {
            case '(': return ParseGroup();
            case '[': return new RegexNode.Chars(ParseClass());
            case '.': return new RegexNode.Chars(dotAll ? CodePointSet.All : NotLineEnd());
            case '^': return new RegexNode.Start();
            case '$': return new RegexNode.End();
            case '\\': return ParseEscape();
            case '*' or '+' or '?': throw Error("nothing to repeat");
            default: return new RegexNode.Chars(Folded(CodePointSet.Single(c)));
        }
    }

    private CodePointSet NotLineEnd() => dialect == RegexDialect.Ecma
        ? CodePointSet.Of(('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)).Complement()
        : CodePointSet.Single('\n').Complement();

    private RegexNode? ParseGroup()
    {
        if (SkipText("?:")) return Closed();
        if (SkipText("?=") || SkipText("?!") || SkipText("?<=") || SkipText("?<!")) throw Unsupported("look-around");
        if (SkipText("?>")) throw Unsupported("an atomic group");
        if (SkipText("?P=")) throw Unsupported("a backreference");
        if (SkipText("?#"))
        {
            while (Current is not (-1 or ')')) at++;
            return Skip(')') ? null : throw Error("a comment is not closed");
        }
        if (SkipText("?P<") || SkipText("?<"))
        {
            while (Current is not (-1 or '>')) at++;
            return Skip('>') ? Closed() : throw Error("a group name is not closed");
        }
        return Skip('?') ? ParseFlags() : Closed();
    }

    private RegexNode Closed()
    {
        RegexNode inner = ParseChoice();
        return Skip(')') ? inner : throw Error("missing ')'");
    }

    // (?i) to the end of the group around it, or (?i:...).
    private RegexNode? ParseFlags()
    {
        (bool outerCase, bool outerDot) = (ignoreCase, dotAll);
        bool on = true;
        while (Current is not (')' or ':'))
        {
            switch (Current)
            {
                case '-': on = false; break;
                case 'i': ignoreCase = on; break;
                case 's': dotAll = on; break;
                case 'u': break;
                case -1: throw Error("missing ')'");
                default: throw Unsupported($"the flag '{char.ConvertFromUtf32(Current)}'");
            }
            at++;
        }
        if (Skip(')')) return null;
        at++;
        RegexNode inner = Closed();
        (ignoreCase, dotAll) = (outerCase, outerDot);
        return inner;
    }

    private RegexNode ParseRepeats(RegexNode atom)
    {
        while (ReadBounds() is { } bounds)
        {
            Skip('?'); // lazy or greedy: the same texts match
            if (Current == '+') throw Unsupported("possessive repetition");
            atom = new RegexNode.Repeat(atom, bounds.Min, bounds.Max);
        }
        return atom;
    }

    private (int Min, int? Max)? ReadBounds()
    {
        if (Skip('*')) return (0, null);
        if (Skip('+')) return (1, null);
        if (Skip('?')) return (0, 1);
        if (Current != '{') return null;
        int start = at++;
        int? min = ReadNumber(), max = min;
        if (Skip(',')) max = ReadNumber();
        bool isOpen = text[at - 1] == ',';
        if (!Skip('}') || (min is null && max is null))
        {
            // Braces that are no bounds are text.
            at = start;
            return null;
        }
        if (max < (min ?? 0)) throw Error("a repetition has its bounds the wrong way round");
        return (min ?? 0, isOpen ? null : max);
    }

    private int? ReadNumber()
    {
        int start = at;
        while (Current is >= '0' and <= '9') at++;
        if (at == start) return null;
        string digits = string.Concat(text.AsSpan(start, at - start).ToArray().Select(c => (char)c));
        return int.TryParse(digits, out int number) && number <= 100_000 ? number : throw Error("a repetition is too large");
    }
}

using System.Globalization;

namespace Hone.Models.Tokenizers.Patterns;

internal sealed partial class PatternParser
{
    private PatternNode ParseEscape()
    {
        if (AtEnd) throw Error("a backslash at the end");
        char c = text[position];
        Anchor? anchor = c switch
        {
            'b' => Anchor.WordBoundary,
            'B' => Anchor.NoWordBoundary,
            'A' => Anchor.TextStart,
            'z' => Anchor.TextEnd,
            'Z' => Anchor.TextEndOrLastNewline,
            _ => null,
        };
        if (anchor is not null)
        {
            position++;
            return new AnchorNode(anchor.Value);
        }
        if (c is >= '1' and <= '9') return BackReference(ReadInteger());
        if (TryTake("k<")) return NamedReference();
        if (TryTake("R")) return LineBreak();
        return new SetNode(TryClassEscape(out Func<int, bool>? test) ? SetOf(test!) : CharSet.Of(CharacterEscape(), ignoreCase));
    }

    private CharSet SetOf(Func<int, bool> test) => ignoreCase ? new CharSet(test).IgnoringCase() : new CharSet(test);

    private BackReferenceNode BackReference(int index)
    {
        if (index > Groups) throw Error($"a reference to group {index}, which does not exist before it");
        return new BackReferenceNode(index, ignoreCase);
    }

    private BackReferenceNode NamedReference()
    {
        int end = text.IndexOf('>', position);
        if (end < 0) throw Error("a group name without its '>'");
        string name = text[position..end];
        position = end + 1;
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number)) return BackReference(number);
        return names.TryGetValue(name, out int index) ? BackReference(index) : throw Error($"an unknown group name '{name}'");
    }

    /// <summary>\R: CR LF, or one line break character.</summary>
    private static AtomicNode LineBreak() => new(new ChoiceNode([
        new SequenceNode([new SetNode(CharSet.Of('\r', false)), new SetNode(CharSet.Of('\n', false))]),
        new SetNode(new CharSet(c => c is (>= 0xA and <= 0xD) or 0x85 or 0x2028 or 0x2029)),
    ]));

    private int ReadInteger()
    {
        int start = position;
        while (!AtEnd && char.IsAsciiDigit(text[position]) && position - start < 4) position++;
        return int.Parse(text.AsSpan(start, position - start), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    /// <summary>\s, \w, \d, \h, \p{...} and their complements.</summary>
    private bool TryClassEscape(out Func<int, bool>? test)
    {
        char c = text[position];
        test = PatternClasses.Shorthand(c);
        if (test is not null) position++;
        else if (c is 'p' or 'P') test = Property(c == 'P');
        return test is not null;
    }

    private Func<int, bool> Property(bool negative)
    {
        position++;
        if (AtEnd) throw Error("a property without a name");
        int end = text[position] == '{' ? text.IndexOf('}', position) : position;
        if (end < 0) throw Error("a property name without its '}'");
        string name = text[position] == '{' ? text[(position + 1)..end] : text[position..(position + 1)];
        if (name.StartsWith('^')) (name, negative) = (name[1..], !negative);
        Func<int, bool> test = PatternClasses.Find(name) ?? throw Error($"an unknown property '{name}'");
        position = end + 1;
        return negative ? c => !test(c) : test;
    }

    private int CharacterEscape()
    {
        int c = TakeCodePoint();
        return c switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => 0x1B,
            '0' => 0,
            'u' => Hexadecimal(4, 4),
            'x' => TryTake("{") ? BracedHexadecimal() : Hexadecimal(1, 2),
            _ when c < 128 && char.IsAsciiLetter((char)c) => throw Error($"an escape '\\{(char)c}' that is not supported"),
            _ => c,
        };
    }

    private int BracedHexadecimal()
    {
        int value = Hexadecimal(1, 6);
        if (!TryTake("}") || value > 0x10FFFF) throw Error("a malformed \\x{...}");
        return value;
    }

    private int Hexadecimal(int fewest, int most)
    {
        int start = position;
        while (!AtEnd && position - start < most && char.IsAsciiHexDigit(text[position])) position++;
        if (position - start < fewest) throw Error("too few hexadecimal digits");
        return Convert.ToInt32(text[start..position], 16);
    }
}

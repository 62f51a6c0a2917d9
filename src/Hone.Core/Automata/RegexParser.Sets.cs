using System.Globalization;
using System.Text;

namespace Hone.Core.Automata;

/// <summary>Escapes and classes: what one letter may be.</summary>
internal sealed partial class RegexParser
{
    private RegexNode.Chars ParseEscape()
    {
        if (Current < 0) throw Error("a backslash at the end");
        int c = text[at];
        if (c is 'b' or 'B') throw Unsupported("a word boundary");
        if (c is >= '1' and <= '9' || c == 'k') throw Unsupported("a backreference");
        if (c is 'A' or 'z' or 'Z' or 'G') throw Unsupported($"\\{(char)c}");
        return new RegexNode.Chars(Folded(EscapedSet() ?? CodePointSet.Single(EscapedChar())));
    }

    /// <summary><c>\d</c> and its kin, or null.</summary>
    private CodePointSet? EscapedSet()
    {
        int c = Current;
        if (c is 'p' or 'P') return ParseProperty(negated: c == 'P');
        CodePointSet? set = char.IsAscii((char)c) ? char.ToLowerInvariant((char)c) switch
        {
            'd' => dialect == RegexDialect.Ecma ? CodePointSet.Of(('0', '9')) : UnicodeSets.Digit,
            'w' => dialect == RegexDialect.Ecma ? CodePointSet.Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')) : UnicodeSets.Word,
            's' => dialect == RegexDialect.Ecma ? UnicodeSets.Space.Except(CodePointSet.Single(0x85)).Union(CodePointSet.Single(0xFEFF)) : UnicodeSets.Space,
            _ => null,
        } : null;
        if (set is null) return null;
        at++;
        return c < 'a' ? set.Complement() : set;
    }

    private CodePointSet ParseProperty(bool negated)
    {
        at++;
        int start = at;
        if (Skip('{'))
            while (Current is not (-1 or '}')) at++;
        string name = string.Concat(text.AsSpan(start, Math.Min(at + 1, text.Length) - start).ToArray().Select(c => new Rune(c).ToString())).Trim('{', '}');
        at++;
        if (name.StartsWith('^')) (name, negated) = (name[1..], !negated);
        CodePointSet set = UnicodeSets.Find(name) ?? throw Unsupported($"the Unicode property '{name}'");
        return negated ? set.Complement() : set;
    }

    private int EscapedChar()
    {
        int c = text[at++];
        switch (c)
        {
            case 'n': return '\n';
            case 't': return '\t';
            case 'r': return '\r';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return '\a';
            case 'e': return 0x1B;
            case '0': return 0;
            case 'x': return Skip('{') ? Braced() : Hex(2);
            case 'u': return Skip('{') ? Braced() : Utf16Escape();
            case 'U': return Hex(8);
            case 'c' when Current is >= 'A' and <= 'Z' or >= 'a' and <= 'z': return text[at++] & 31;
            case >= 'a' and <= 'z' or >= 'A' and <= 'Z': throw Unsupported($"the escape \\{(char)c}");
            default: return c;
        }
    }

    private int Utf16Escape()
    {
        int unit = Hex(4);
        if (unit is < 0xD800 or > 0xDBFF || !SkipText("\\u")) return unit;
        return char.ConvertToUtf32((char)unit, (char)Hex(4));
    }

    private int Braced()
    {
        int start = at;
        while (Current is not (-1 or '}')) at++;
        int code = HexValue(start, at);
        at++;
        return code;
    }

    private int Hex(int digits)
    {
        int start = at;
        at = Math.Min(at + digits, text.Length);
        return HexValue(start, start + digits);
    }

    private int HexValue(int start, int end)
    {
        string digits = end <= text.Length && end - start is > 0 and <= 8 ? string.Concat(text.AsSpan(start, end - start).ToArray().Select(c => (char)c)) : "?";
        return int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) && code is >= 0 and <= 0x10FFFF
            ? code : throw Error("an escape has invalid hexadecimal digits");
    }

    private CodePointSet ParseClass()
    {
        bool negated = Skip('^');
        CodePointSet set = CodePointSet.Empty;
        bool first = true;
        while (Current != ']' || (first && dialect == RegexDialect.Unicode))
        {
            if (Current < 0) throw Error("missing ']'");
            set = set.Union(ParseClassItem());
            first = false;
        }
        at++;
        set = Folded(set);
        return negated ? set.Complement() : set;
    }

    private CodePointSet ParseClassItem()
    {
        (CodePointSet? set, int low) = ClassAtom();
        if (set is not null) return set;
        bool isRange = Current == '-' && at + 1 < text.Length && text[at + 1] != ']';
        if (!isRange) return CodePointSet.Single(low);
        at++;
        (CodePointSet? after, int high) = ClassAtom();
        if (after is not null) return after.Union(CodePointSet.Single(low)).Union(CodePointSet.Single('-'));
        return high >= low ? CodePointSet.Of((low, high)) : throw Error("a range in a class is the wrong way round");
    }

    private (CodePointSet? Set, int Char) ClassAtom()
    {
        if (Current == '[' && at + 1 < text.Length && text[at + 1] == ':') throw Unsupported("a POSIX class");
        if (!Skip('\\')) return (null, text[at++]);
        if (Current < 0) throw Error("missing ']'");
        if (Skip('b')) return (null, '\b');
        return EscapedSet() is { } set ? (set, 0) : (null, EscapedChar());
    }

    // Simple case folding: letters whose upper or lower case agree.
    private CodePointSet Folded(CodePointSet set) => ignoreCase ? CaseFolding.Close(set) : set;
}

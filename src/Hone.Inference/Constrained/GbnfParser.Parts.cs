using System.Globalization;
using System.Text;
using Hone.Core.Automata;

namespace Hone.Inference.Constrained;

/// <summary>The parts of a rule: texts, classes, groups, names, and their repetitions.</summary>
internal sealed partial class GbnfParser
{
    private Action<int, int> ParsePart()
    {
        switch (Current)
        {
            case '"': return ParseLiteral();
            case '[':
                CodePointSet set = ParseClass();
                return (from, to) => encoding.Letter(set, LetterForm.Plain, from, to);
            case '.':
                at++;
                return (from, to) => encoding.Letter(CodePointSet.All, LetterForm.Plain, from, to);
            case '(': return ParseGroup();
            default:
                int start = at, rule = RuleNamed(ParseName(), start);
                return (from, to) => net.Call(from, rule, to);
        }
    }

    private Action<int, int> ParseLiteral()
    {
        int start = at++;
        StringBuilder literal = new();
        while (Current != '"')
        {
            if (at >= text.Length) throw Error("a text is not closed", start);
            literal.Append(new Rune(ParseChar()).ToString());
        }
        at++;
        byte[] bytes = Encoding.UTF8.GetBytes(literal.ToString());
        return (from, to) => net.Literal(from, bytes, to);
    }

    // A group becomes a rule of its own, so that repeating it does not copy it.
    private Action<int, int> ParseGroup()
    {
        int start = at++;
        int rule = net.AddRule($"group at {start}");
        SkipSpace(newLines: true);
        ParseAlternatives(net.Rules[rule].Start, net.Rules[rule].End, isNested: true);
        if (Current != ')') throw Error("a group is not closed", start);
        at++;
        return (from, to) => net.Call(from, rule, to);
    }

    private CodePointSet ParseClass()
    {
        int start = at++;
        bool negated = Current == '^';
        if (negated) at++;
        List<(int, int)> parts = [];
        while (Current != ']')
        {
            if (at >= text.Length) throw Error("a class is not closed", start);
            int low = ParseChar(), high = low;
            if (Current == '-' && at + 1 < text.Length && text[at + 1] != ']')
            {
                at++;
                high = ParseChar();
            }
            if (high < low) throw Error("a range in a class is the wrong way round");
            parts.Add((low, high));
        }
        at++;
        CodePointSet set = CodePointSet.Of(parts);
        return negated ? set.Complement() : set;
    }

    private int ParseChar()
    {
        if (Current != '\\')
        {
            if (!Rune.TryGetRuneAt(text, at, out Rune rune)) throw Error("half a surrogate pair");
            at += rune.Utf16SequenceLength;
            return rune.Value;
        }
        char escape = at + 1 < text.Length ? text[at + 1] : throw Error("a backslash at the end");
        at += 2;
        int digits = escape switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0) return Hex(digits);
        const string letters = "nrt\\\"[]";
        int index = letters.IndexOf(escape);
        return index >= 0 ? "\n\r\t\\\"[]"[index] : throw Error($"unknown escape '\\{escape}'", at - 2);
    }

    private int Hex(int digits)
    {
        bool isValid = at + digits <= text.Length
            && int.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) && Rune.IsValid(code);
        if (!isValid) throw Error("an escape needs hexadecimal digits of a letter");
        at += digits;
        return int.Parse(text.AsSpan(at - digits, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private (int Min, int? Max) ParseRepeat()
    {
        switch (Current)
        {
            case '*': at++; return (0, null);
            case '+': at++; return (1, null);
            case '?': at++; return (0, 1);
            case '{': return ParseBounds();
            default: return (1, 1);
        }
    }

    private (int Min, int? Max) ParseBounds()
    {
        int start = at++;
        int min = ReadNumber() ?? 0;
        int? max = min;
        SkipSpace(newLines: false);
        if (Current == ',')
        {
            at++;
            SkipSpace(newLines: false);
            max = ReadNumber();
        }
        if (Current != '}') throw Error("a repetition is not closed", start);
        at++;
        if (max < min) throw Error("a repetition has its bounds the wrong way round", start);
        return (min, max);
    }

    private int? ReadNumber()
    {
        int start = at;
        while (char.IsAsciiDigit(Current)) at++;
        if (at == start) return null;
        return int.TryParse(text.AsSpan(start, at - start), out int number) && number <= MaxRepeat ? number : throw Error($"a repetition above {MaxRepeat}", start);
    }

    private void Repeat(Action<int, int> part, int min, int? max, int from, int to)
    {
        int here = from;
        for (int i = 0; i < min; i++) here = Once(part, here);
        for (int i = min; i < max; i++)
        {
            net.Silent(here, to);
            here = Once(part, here);
        }
        if (max is null)
        {
            int loop = net.AddState();
            net.Silent(here, loop);
            part(loop, loop);
            here = loop;
        }
        net.Silent(here, to);
    }

    private int Once(Action<int, int> part, int from)
    {
        int next = net.AddState();
        part(from, next);
        return next;
    }
}

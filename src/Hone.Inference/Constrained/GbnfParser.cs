using System.Globalization;
using System.Text;
using Hone.Core;
using Hone.Core.Automata;

namespace Hone.Inference.Constrained;

/// <summary>
/// Grammars in llama.cpp's notation: <c>name ::= "text" [class] (group) other*</c>, alternatives with a bar, repetitions
/// <c>* + ? {m,n}</c>, a dot for any letter, comments from a hash sign. A rule ends where the next begins.
/// </summary>
internal sealed class GbnfParser
{
    private const int MaxDepth = 200;
    private const int MaxRepeat = 10_000;
    private const int MaxRules = 10_000;

    private readonly string text;
    private readonly ByteNet net = new();
    private readonly TextEncoding encoding;
    private readonly Dictionary<string, (int Rule, int FirstUse, bool IsDefined)> rules = new(StringComparer.Ordinal);
    private int at;
    private int depth;

    private GbnfParser(string text)
    {
        this.text = text;
        encoding = new TextEncoding(net);
    }

    public static ByteNet Parse(string text)
    {
        GbnfParser parser = new(text);
        parser.ParseRules();
        return parser.net;
    }

    private char Current => at < text.Length ? text[at] : '\0';

    private HoneException Error(string problem) => Error(problem, at);

    private HoneException Error(string problem, int place)
    {
        ReadOnlySpan<char> before = text.AsSpan(0, Math.Min(place, text.Length));
        return new HoneException($"grammar, line {before.Count('\n') + 1}, column {before.Length - before.LastIndexOf('\n')}: {problem}.");
    }

    private void ParseRules()
    {
        RuleNamed("root", 0);
        SkipSpace(newLines: true);
        while (at < text.Length)
        {
            int start = at;
            string name = ParseName();
            SkipSpace(newLines: false);
            if (!text.AsSpan(at).StartsWith("::=")) throw Error($"expected '::=' after '{name}'");
            at += 3;
            (int rule, _, bool isDefined) = rules.TryGetValue(name, out var known) ? known : (RuleNamed(name, start), start, false);
            if (isDefined) throw Error($"rule '{name}' is defined twice", start);
            rules[name] = (rule, start, true);
            SkipSpace(newLines: true);
            ParseAlternatives(net.Rules[rule].Start, net.Rules[rule].End, isNested: false);
            SkipSpace(newLines: true);
        }
        foreach ((string name, (_, int use, bool isDefined)) in rules)
            if (!isDefined) throw Error($"rule '{name}' is not defined", use);
    }

    private int RuleNamed(string name, int place)
    {
        if (rules.TryGetValue(name, out (int Rule, int, bool) known)) return known.Rule;
        if (rules.Count >= MaxRules) throw Error($"more than {MaxRules} rules", place);
        int rule = net.AddRule(name);
        rules[name] = (rule, place, false);
        return rule;
    }

    private string ParseName()
    {
        int start = at;
        while (char.IsAsciiLetterOrDigit(Current) || Current is '-' or '_') at++;
        return at > start ? text[start..at] : throw Error(at >= text.Length ? "unexpected end" : $"unexpected '{Current}'");
    }

    private void SkipSpace(bool newLines)
    {
        while (at < text.Length)
        {
            if (Current == '#')
                while (at < text.Length && Current is not ('\n' or '\r')) at++;
            else if (Current is ' ' or '\t' || (newLines && Current is '\n' or '\r' && newLines)) at++;
            else return;
        }
    }

    private void ParseAlternatives(int from, int to, bool isNested)
    {
        if (++depth > MaxDepth) throw Error($"nested more than {MaxDepth} deep");
        ParseSequence(from, to, isNested);
        while (Current == '|')
        {
            at++;
            SkipSpace(newLines: true);
            ParseSequence(from, to, isNested);
        }
        depth--;
    }

    // Each part is first read into states of its own, then repeated.
    private void ParseSequence(int from, int to, bool isNested)
    {
        int here = net.AddState();
        net.Silent(from, here);
        while (StartsPart() && !StartsRule())
        {
            Action<int, int> part = ParsePart();
            SkipSpace(isNested);
            (int min, int? max) = ParseRepeat();
            int next = net.AddState();
            Repeat(part, min, max, here, next);
            here = next;
            SkipSpace(isNested);
            if (!isNested) SkipToContinuation();
        }
        net.Silent(here, to);
    }

    private bool StartsPart() => Current is '"' or '[' or '(' or '.' || char.IsAsciiLetterOrDigit(Current) || Current is '-' or '_';

    // Outside brackets a line end finishes the rule, unless the next line goes on with a bar.
    private void SkipToContinuation()
    {
        int start = at;
        SkipSpace(newLines: true);
        if (Current != '|') at = start;
    }

    private bool StartsRule()
    {
        int start = at;
        while (char.IsAsciiLetterOrDigit(Current) || Current is '-' or '_') at++;
        bool isName = at > start;
        SkipSpace(newLines: false);
        bool result = isName && text.AsSpan(at).StartsWith("::=");
        at = start;
        return result;
    }

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

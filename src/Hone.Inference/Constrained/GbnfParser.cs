using Hone.Core;

namespace Hone.Inference.Constrained;

/// <summary>
/// Grammars in llama.cpp's notation: <c>name ::= "text" [class] (group) other*</c>, alternatives with a bar, repetitions
/// <c>* + ? {m,n}</c>, a dot for any letter, comments from a hash sign. A rule ends where the next begins.
/// </summary>
internal sealed partial class GbnfParser
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
}

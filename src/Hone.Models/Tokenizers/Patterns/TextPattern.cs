using System.Collections.Concurrent;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Patterns;

/// <summary>Something that finds its places in a text. Safe for use by several threads.</summary>
internal abstract class TextPattern
{
    /// <summary>Cuts the text into matches and what lies between them, in order and without gaps.</summary>
    public abstract List<Segment> Find(ReadOnlySpan<char> text);

    /// <summary>The same with matches and gaps exchanged.</summary>
    public List<Segment> Find(ReadOnlySpan<char> text, bool invert)
    {
        List<Segment> segments = Find(text);
        if (!invert) return segments;
        for (int i = 0; i < segments.Count; i++) segments[i] = segments[i] with { IsMatch = !segments[i].IsMatch };
        return segments;
    }

    protected static void AddGap(List<Segment> segments, int start, int end)
    {
        if (start < end) segments.Add(new(start, end, false));
    }
}

/// <summary>Matches each code point that satisfies a condition, one by one.</summary>
internal sealed class CharPattern(Func<int, bool> test) : TextPattern
{
    public override List<Segment> Find(ReadOnlySpan<char> text)
    {
        List<Segment> segments = [];
        int gap = 0;
        for (int i = 0; i < text.Length;)
        {
            bool match = test(CodePoints.At(text, i, out int size));
            if (match)
            {
                AddGap(segments, gap, i);
                segments.Add(new(i, i + size, true));
                gap = i + size;
            }
            i += size;
        }
        AddGap(segments, gap, text.Length);
        return segments;
    }
}

/// <summary>Matches a fixed string.</summary>
internal sealed class LiteralPattern(string literal) : TextPattern
{
    public string Literal => literal;

    public override List<Segment> Find(ReadOnlySpan<char> text)
    {
        List<Segment> segments = [];
        int gap = 0;
        while (literal.Length > 0 && text[gap..].IndexOf(literal, StringComparison.Ordinal) is >= 0 and int found)
        {
            AddGap(segments, gap, gap + found);
            segments.Add(new(gap + found, gap + found + literal.Length, true));
            gap += found + literal.Length;
        }
        AddGap(segments, gap, text.Length);
        return segments;
    }
}

/// <summary>Matches a regular expression in the syntax of Oniguruma, leftmost first.</summary>
internal sealed class RegexPattern : TextPattern
{
    private readonly string pattern;
    private readonly PatternProgram program;
    private readonly ConcurrentBag<PatternMatcher> idle = [];

    /// <exception cref="Core.HoneException">The pattern is malformed or not supported.</exception>
    public RegexPattern(string pattern) => (this.pattern, program) = (pattern, PatternCompiler.Compile(pattern));

    /// <exception cref="Core.HoneException">The pattern backtracks without end on this text.</exception>
    public override List<Segment> Find(ReadOnlySpan<char> text)
    {
        if (!idle.TryTake(out PatternMatcher? matcher)) matcher = new PatternMatcher(program, pattern);
        matcher.Allow(text.Length);
        List<Segment> segments = [];
        int gap = 0, last = -1;
        for (int at = 0; at <= text.Length;)
        {
            int end = matcher.MatchAt(text, at);
            bool found = end > at || (end == at && end != last);
            if (found)
            {
                AddGap(segments, gap, at);
                segments.Add(new(at, end, true));
                gap = last = end;
            }
            if (found && end > at) at = end;
            else if (at < text.Length) at += SizeAt(text, at);
            else break;
        }
        AddGap(segments, gap, text.Length);
        idle.Add(matcher);
        return segments;
    }

    private static int SizeAt(ReadOnlySpan<char> text, int index)
    {
        CodePoints.At(text, index, out int size);
        return size;
    }
}

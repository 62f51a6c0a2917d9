using Hone.Models.Tokenizers.Patterns;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.PreTokenizers;

/// <summary><c>\w+|[^\w\s]+</c> with the \w of <see cref="CharacterClasses.IsWord"/>.</summary>
internal sealed class WordPattern : TextPattern
{
    public override List<Segment> Find(ReadOnlySpan<char> text)
    {
        List<Segment> segments = [];
        for (int start = 0; start < text.Length;)
        {
            int kind = KindAt(text, start, out int size), end = start + size;
            while (end < text.Length && KindAt(text, end, out size) == kind) end += size;
            segments.Add(new(start, end, kind != 0));
            start = end;
        }
        return segments;
    }

    private static int KindAt(ReadOnlySpan<char> text, int index, out int size)
    {
        int c = CodePoints.At(text, index, out size);
        return CharacterClasses.IsWord(c) ? 1 : CharacterClasses.IsWhiteSpace(c) ? 0 : 2;
    }
}

/// <summary>Runs of a fixed number of code points.</summary>
internal sealed class FixedLengthPattern(int length) : TextPattern
{
    public override List<Segment> Find(ReadOnlySpan<char> text)
    {
        List<Segment> segments = [];
        for (int start = 0, end = 0; start < text.Length; start = end)
        {
            for (int count = 0; count < length && end < text.Length; count++)
            {
                CodePoints.At(text, end, out int size);
                end += size;
            }
            segments.Add(new(start, end, true));
        }
        return segments;
    }
}

/// <summary>
/// Splits where the script changes. Spaces go with what stands before, and at the start they vanish; Hiragana, Katakana and Han count as one script.
/// </summary>
internal sealed class ScriptPattern : TextPattern
{
    private static readonly (string Name, CodePointSet Set)[] Scripts = [.. UnicodeTables.Scripts.Select(p => (p.Key, p.Value))];

    public override List<Segment> Find(ReadOnlySpan<char> text)
    {
        List<Segment> segments = [];
        string? last = null;
        int start = text.Length;
        for (int i = 0; i < text.Length;)
        {
            string? script = ScriptOf(CodePoints.At(text, i, out int size));
            if (script is not null && script != last)
            {
                AddMatch(segments, start, i);
                start = i;
            }
            last = script ?? last;
            i += size;
        }
        AddMatch(segments, start, text.Length);
        return segments;
    }

    private static void AddMatch(List<Segment> segments, int start, int end)
    {
        if (start < end) segments.Add(new(start, end, true));
    }

    /// <summary>The script's name, null for a space or a code point without one, which go with anything.</summary>
    private static string? ScriptOf(int c)
    {
        if (c == ' ') return null;
        if (c == 0x30FC) return "Han";
        string? name = null;
        foreach ((string script, CodePointSet set) in Scripts)
        {
            if (!set.Contains(c)) continue;
            name = script;
            break;
        }
        return name is "Hiragana" or "Katakana" ? "Han" : name;
    }
}

using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers.Maths;

/// <summary>
/// Finds the answer in a text, most explicit form first: "final answer is X. I hope", "final answer is X" or boxes, "answer: X",
/// "answer … X", then the last formula or number anywhere. Within a form the last one counts.
/// </summary>
internal static partial class MathExtraction
{
    /// <summary>Only so many characters from the end are looked at: answers come last, and hostile text must stay cheap.</summary>
    private const int MaxLength = 20_000;

    /// <summary>The answer and its text; null when nothing can be read.</summary>
    public static (MathNode? Node, string Text)? Extract(string text)
    {
        if (text.Length > MaxLength) text = text[^MaxLength..];
        if (Anchored(text, FinalHope()) is { } hope) return hope;
        (int boxAt, (MathNode?, string)? boxed) = Boxes(text);
        (int finalAt, (MathNode?, string)? final) = LastAnchored(text, Final());
        if (final is not null && finalAt > boxAt) return final;
        if (boxed is not null) return boxed;
        if (boxAt >= 0) return null;
        return Anchored(text, Colon()) ?? Anchored(text, Answer()) ?? Bare(text, last: true);
    }

    private static (MathNode?, string)? Anchored(string text, Regex anchor) => LastAnchored(text, anchor).Found;

    private static (int At, (MathNode?, string)? Found) LastAnchored(string text, Regex anchor)
    {
        foreach (Match match in anchor.Matches(text).Reverse())
            if (Bare(match.Groups["rest"].Value, last: false) is { } found) return (match.Index, found);
        return (-1, null);
    }

    /// <summary>The content of the boxes: one value, or the set of several.</summary>
    private static (int At, (MathNode?, string)? Found) Boxes(string text)
    {
        List<string> contents = [];
        int last = -1;
        for (int at = text.IndexOf("\\boxed", StringComparison.Ordinal); at >= 0; at = text.IndexOf("\\boxed", at + 6, StringComparison.Ordinal))
        {
            string? content = ContentAt(text, at + 6, out int end);
            if (content is null) continue;
            contents.Add(content);
            last = at;
            at = end - 6;
        }
        contents.RemoveAll(string.IsNullOrWhiteSpace);
        if (contents.Count == 0) return (last, null);
        string joined = string.Join(",", contents);
        return (last, LatexParser.Parse(joined) is { } node ? (node, joined) : null);
    }

    private static string? ContentAt(string text, int open, out int end)
    {
        end = open;
        if (open < text.Length && text[open] == ' ' && Number().Match(text, open) is { Success: true } number && number.Index == open + 1)
        {
            end = number.Index + number.Length;
            return number.Value;
        }
        if (open >= text.Length || text[open] != '{') return null;
        int close = AnswerText.CloseOf(text, open);
        if (close < 0) return null;
        end = close;
        return text[(open + 1)..close];
    }

    /// <summary>The last (or first) formula between dollars or brackets, or plain number or sum, that can be read.</summary>
    private static (MathNode?, string)? Bare(string text, bool last)
    {
        List<(int At, string Text, bool IsLatex)> found = [];
        foreach (Match match in Formula().Matches(text))
        {
            string content = match.Groups.Values.Skip(1).First(g => g.Success).Value;
            found.Add((match.Index, content, true));
        }
        foreach (Match match in Number().Matches(text))
            if (!found.Exists(f => f.IsLatex && match.Index > f.At && match.Index < f.At + f.Text.Length + 2)) found.Add((match.Index, match.Value, false));
        IEnumerable<(int At, string Text, bool IsLatex)> order = last ? found.OrderByDescending(f => f.At) : found.OrderBy(f => f.At);
        foreach ((_, string candidate, bool isLatex) in order)
        {
            MathNode? node = LatexParser.Parse(isLatex ? candidate : PlainNumber(candidate));
            if (node is not null) return (node, candidate.Trim());
            if (isLatex) return null;
        }
        return null;
    }

    /// <summary>"12,34" is a decimal comma where it is no thousands comma; "1 000" is a thousand; "percent" is %.</summary>
    private static string PlainNumber(string text)
    {
        string bare = Percent().Replace(Currency().Replace(text, "").Trim(), "%");
        bare = SpacedThousands().Replace(bare, "");
        if (ThousandsCommas().IsMatch(bare)) return bare.Replace(",", "");
        return DecimalComma().IsMatch(bare) ? bare.Replace(',', '.') : bare;
    }

    [GeneratedRegex(@"final answer is:?\s*(?<rest>.*?)\.?\s*I hope", RegexOptions.IgnoreCase)]
    private static partial Regex FinalHope();

    [GeneratedRegex(@"final answer is:?(?<rest>[^\n]*)", RegexOptions.IgnoreCase)]
    private static partial Regex Final();

    [GeneratedRegex(@"answer[*_ ]*(?:is)?[*_ ]*:[*_]*(?<rest>[^\n]*)", RegexOptions.IgnoreCase)]
    private static partial Regex Colon();

    [GeneratedRegex(@"answer(?<rest>[^\n]*)", RegexOptions.IgnoreCase)]
    private static partial Regex Answer();

    [GeneratedRegex(@"\$\$(.+?)\$\$|(?<!\\)\$((?:\\\$|[^$])+?)(?<!\\)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]|(?<env>\\begin\{(?:align|equation|gather)\*?\}.+?\\end\{(?:align|equation|gather)\*?\})", RegexOptions.Singleline)]
    private static partial Regex Formula();

    [GeneratedRegex("""
        (?<![^\s($£€¥:=*\[])
        -?[$£€¥]?
        (?:[(]\s*){0,8}
        (?:\d+(?:[ ]\d{3})+(?!\d)|\d+(?:,\d+)*(?:\.\d+)?|(?<![-\d])\.\d+)
        (?:\s*(?:\*\*|[-+*/^])\s*(?:[(]\s*){0,8}-?\d+(?:\.\d+)?(?:\s*[)]){0,8})*
        (?:\s*[%]|\s*percent(?:age)?\b)?
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Number();

    [GeneratedRegex(@"[$£€¥]")]
    private static partial Regex Currency();

    [GeneratedRegex(@"\s*percent(?:age)?$")]
    private static partial Regex Percent();

    [GeneratedRegex(@"(?<=\d) (?=\d{3}(?!\d))")]
    private static partial Regex SpacedThousands();

    [GeneratedRegex(@"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?%?$")]
    private static partial Regex ThousandsCommas();

    [GeneratedRegex(@"^-?\d+,\d+%?$")]
    private static partial Regex DecimalComma();
}

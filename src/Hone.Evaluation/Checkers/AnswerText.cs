using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers;

/// <summary>Finds the final answer in free text.</summary>
public static partial class AnswerText
{
    /// <summary>
    /// Text after the last "####", else the last "answer:" or "answer is", up to the end of its line; null without such a
    /// phrase. Emphasis marks around it are dropped.
    /// </summary>
    public static string? AfterPhrase(string output)
    {
        Match? hashes = Last(Hashes(), output);
        Match? match = hashes ?? Last(Phrase(), output);
        return match?.Groups[1].Value.Trim().Trim('*', '_', '`').Trim();
    }

    /// <summary>The content of the last <c>\boxed{…}</c> (also <c>\boxed X</c>, <c>\fbox{…}</c>) by counting braces; null when none closes.</summary>
    public static string? Boxed(string text)
    {
        int at = text.LastIndexOf("\\boxed", StringComparison.Ordinal);
        int length = "\\boxed".Length;
        if (at < 0)
        {
            at = text.LastIndexOf("\\fbox", StringComparison.Ordinal);
            length = "\\fbox".Length;
        }
        if (at < 0) return null;
        int open = at + length;
        if (open < text.Length && text[open] == ' ') return text[(open + 1)..].Split('$')[0].Trim();
        return open < text.Length && text[open] == '{' && CloseOf(text, open) is var close && close > 0 ? text[(open + 1)..close] : null;
    }

    /// <summary>Index of the brace that closes the one at <paramref name="open"/>, or -1.</summary>
    public static int CloseOf(string text, int open)
    {
        int depth = 0;
        for (int i = open; i < text.Length; i++)
        {
            if (text[i] == '{') depth++;
            else if (text[i] == '}' && --depth == 0) return i;
        }
        return -1;
    }

    private static Match? Last(Regex regex, string text)
    {
        Match? last = null;
        for (Match match = regex.Match(text); match.Success; match = match.NextMatch()) last = match;
        return last;
    }

    [GeneratedRegex(@"####[ \t]*([^\n]*)")]
    private static partial Regex Hashes();

    [GeneratedRegex(@"\banswer\b[*_ \t]*(?::|\bis\b:?)[*_ \t]*([^\n]*)", RegexOptions.IgnoreCase)]
    private static partial Regex Phrase();
}

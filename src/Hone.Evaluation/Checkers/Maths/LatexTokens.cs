using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers.Maths;

/// <summary>Splits cleaned LaTeX into commands, numbers, letters and marks.</summary>
internal static partial class LatexTokens
{
    /// <summary>Tokens an answer may have; longer text is no answer.</summary>
    public const int MaxTokens = 2000;

    public static List<string> Split(string text)
    {
        List<string> tokens = [];
        foreach (Match match in Token().Matches(text))
        {
            if (match.ValueSpan.IsWhiteSpace()) continue;
            if (tokens.Count == MaxTokens) throw new FormatException("too long");
            tokens.Add(match.Value);
        }
        return tokens;
    }

    [GeneratedRegex(@"\\text\{[^{}]*\}|\\mathbb\{[A-Z]\}|\\begin\{[a-z]*matrix\}|\\end\{[a-z]*matrix\}|\\[a-zA-Z]+|\\.|[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+|\*\*|<=|>=|!=|\s+|.", RegexOptions.Singleline)]
    private static partial Regex Token();
}

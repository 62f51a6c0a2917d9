using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers.Maths;

/// <summary>Brings LaTeX into the form that <see cref="LatexParser"/> reads: no spacing, no sizes, no units.</summary>
internal static partial class LatexCleaner
{
    public static string Clean(string text)
    {
        text = text.Replace("{,}", ",").Replace("\\!", "").Replace("\\%", "%").Replace("\\$", "").Replace("$", "");
        text = Environments().Replace(text, " ").Replace("&", text.Contains("matrix") ? "&" : " ");
        text = Sizes().Replace(text, "");
        text = Fractions().Replace(text, "\\frac");
        text = Degrees().Replace(text, "");
        text = Separators().Replace(text, " \\sep ");
        text = Units().Replace(text, "$1");
        text = Fonts().Replace(text, "\\text{");
        return Spaces().Replace(text, " ").Trim().TrimEnd('.', '\\', ' ');
    }

    [GeneratedRegex(@"\\(?:begin|end)\{(?:align|aligned|equation|gather|cases|array)\*?\}|\\\[|\\\]|\\\(|\\\)")]
    private static partial Regex Environments();

    [GeneratedRegex(@"\\(?:left|right|bigl|bigr|big|Big|displaystyle|limits)(?![a-zA-Z])")]
    private static partial Regex Sizes();

    [GeneratedRegex(@"\\[dtc]frac(?![a-zA-Z])")]
    private static partial Regex Fractions();

    [GeneratedRegex(@"\^\s*(?:\{\s*\\circ\s*\}|\\circ)")]
    private static partial Regex Degrees();

    [GeneratedRegex(@"\\text\{\s*(?:or|and)\s*\}")]
    private static partial Regex Separators();

    // A word after a digit, bracket or space is a unit: 5\text{ cm}^2, 5\,\mathrm{kg}.
    [GeneratedRegex(@"([0-9)}%])(?:\\[,;: ]|\s)*\\(?:text|mathrm|textrm|mbox)\{[^{}]*\}(?:\s*\^\s*(?:\{[0-9]\}|[0-9]))?")]
    private static partial Regex Units();

    [GeneratedRegex(@"\\(?:textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname)\{")]
    private static partial Regex Fonts();

    [GeneratedRegex(@"\\[,;:> ]|\\q?quad(?![a-zA-Z])|~|\s+")]
    private static partial Regex Spaces();
}

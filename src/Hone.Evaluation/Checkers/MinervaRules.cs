using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers;

/// <summary>
/// Answer extraction and normalisation of Minerva (Lewkowycz et al., arXiv:2206.14858, appendix D), kept for comparable scores.
/// It removes words and units wherever they stand, also inside other words.
/// </summary>
public static partial class MinervaRules
{
    /// <summary>What extraction gives where the closing sentence is missing.</summary>
    public const string Invalid = "[invalidanswer]";

    private static readonly (string From, string To)[] Replacements =
    [
        ("an ", ""), ("a ", ""), (".$", "$"), ("\\$", ""), ("\\ ", ""), (" ", ""), ("mbox", "text"), (",\\text{and}", ","), ("\\text{and}", ","), ("\\text{m}", "\\text{}"),
    ];

    private static readonly string[] Removals =
    [
        "square", "ways", "integers", "dollars", "mph", "inches", "hours", "km", "units", "\\ldots", "sue", "points", "feet", "minutes",
        "digits", "cents", "degrees", "cm", "gm", "pounds", "meters", "meals", "edges", "students", "childrentickets", "multiples",
        "\\text{s}", "\\text{.}", "\\text{\ns}", "\\text{}^2", "\\text{}^3", "\\text{\n}", "\\text{}", "\\mathrm{th}", "^\\circ", "^{\\circ}",
        "\\;", ",\\!", "{,}", "\"", "\\dots",
    ];

    /// <summary>The text between "Final Answer: The final answer is" and "I hope it is correct." on one line.</summary>
    public static string Extract(string text) => Sentence().Match(text) is { Success: true } match ? match.Groups[1].Value.Trim() : Invalid;

    /// <summary>The normal form of an answer.</summary>
    public static string Normalise(string answer)
    {
        answer = answer.Split('=')[^1];
        foreach ((string from, string to) in Replacements) answer = answer.Replace(from, to);
        foreach (string removal in Removals) answer = answer.Replace(removal, "");
        answer = Feet().Replace(answer, "");
        answer = Dollars().Replace(answer, "$$$1$$");
        answer = Text().Replace(answer, "$1");
        answer = Bold().Replace(answer, "$1");
        answer = Overline().Replace(answer, "$1");
        answer = Boxed().Replace(answer, "$1");
        answer = Fraction().Replace(answer, "frac{$1}{$2}");
        answer = Root().Replace(answer, "sqrt{$1}").Replace("$", "");
        return Thousands().IsMatch(answer) ? answer.Replace(",", "") : answer;
    }

    [GeneratedRegex(@"Final Answer: The final answer is(.*?)\. I hope it is correct\.")]
    private static partial Regex Sentence();

    [GeneratedRegex(@".*?\$(.*?)\$.*")]
    private static partial Regex Dollars();

    // The harness leaves \left and \infty whole, so "ft" goes only where it stands alone.
    [GeneratedRegex(@"(?<![A-Za-z])ft(?![A-Za-z])")]
    private static partial Regex Feet();

    [GeneratedRegex(@"\\text\{(.*?)\}")]
    private static partial Regex Text();

    [GeneratedRegex(@"\\textbf\{(.*?)\}")]
    private static partial Regex Bold();

    [GeneratedRegex(@"\\overline\{(.*?)\}")]
    private static partial Regex Overline();

    [GeneratedRegex(@"\\boxed\{(.*)\}")]
    private static partial Regex Boxed();

    [GeneratedRegex(@"frac([^{])(.)")]
    private static partial Regex Fraction();

    [GeneratedRegex(@"^-?[0-9]{1,3}(?:,[0-9]{3})+\z")]
    private static partial Regex Thousands();

    [GeneratedRegex(@"sqrt([^{\[])")]
    private static partial Regex Root();
}

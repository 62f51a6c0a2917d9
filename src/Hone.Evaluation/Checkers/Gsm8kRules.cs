using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers;

/// <summary>
/// The published GSM8K rules, kept apart from <see cref="NumberChecker"/> because scores are only comparable under the same rule:
/// the rule of the grade-school-math repository and the two filters of lm-evaluation-harness (gsm8k, version 3).
/// </summary>
public static partial class Gsm8kRules
{
    /// <summary>What every rule returns where nothing is found.</summary>
    public const string Invalid = "[invalid]";

    /// <summary>grade-school-math: the first "#### n", commas removed.</summary>
    public static string Official(string text) => StrictPattern().Match(text) is { Success: true } match ? match.Groups[1].Value.Trim().Replace(",", "") : Invalid;

    /// <summary>strict-match: the first "#### n" as it stands.</summary>
    public static string Strict(string text) => StrictPattern().Match(text) is { Success: true } match ? match.Groups[1].Value.Trim() : Invalid;

    /// <summary>flexible-extract: the last run that looks like a number.</summary>
    public static string Flexible(string text)
    {
        string found = Invalid;
        foreach (Match match in FlexiblePattern().Matches(text)) found = (match.Groups[1].Success && match.Groups[1].Length > 0 ? match.Groups[1].Value : match.Groups[2].Value).Trim();
        return found;
    }

    /// <summary>exact_match of the harness: both sides lower case, without commas, dollars, text up to "#### " and one final dot.</summary>
    public static bool ExactMatch(string filtered, string goldAnswer) => Cleaned(filtered) == Cleaned(goldAnswer);

    private static string Cleaned(string text)
    {
        string bare = UpToHashes().Replace(text.Replace(",", "").Replace("$", ""), "");
        return FinalDot().Replace(bare, "").ToLowerInvariant();
    }

    [GeneratedRegex(@"#### (\-?[0-9\.\,]+)")]
    private static partial Regex StrictPattern();

    [GeneratedRegex(@"(-?[$0-9.,]{2,})|(-?[0-9]+)")]
    private static partial Regex FlexiblePattern();

    [GeneratedRegex(@"(?s).*#### ")]
    private static partial Regex UpToHashes();

    [GeneratedRegex(@"\.$")]
    private static partial Regex FinalDot();
}

using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Evaluation.Checkers;

/// <summary>
/// A regular expression decides. Where it has a group, the last match's first group must equal the row's <c>answer</c>; else the
/// output must match. The row's field <c>pattern</c> goes before the pattern given for all rows.
/// </summary>
public sealed class RegexChecker : IChecker
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(250);
    private readonly Regex? common;

    /// <param name="pattern">For rows without a field <c>pattern</c>; null when every row has one.</param>
    /// <exception cref="HoneException">Not a regular expression.</exception>
    public RegexChecker(string? pattern) => common = pattern is null ? null : Compile(pattern);

    public string Name => "regex";

    public Score Check(Row row, string output)
    {
        Regex regex = PatternOf(row);
        try
        {
            if (!HasGroup(regex)) return regex.IsMatch(output) ? Score.Right : Score.Wrong("the output does not match the pattern");
            string? given = LastGroup(regex, output);
            if (given is null) return Score.Wrong("the output does not match the pattern");
            return given == row.Text("answer").Trim() ? Score.Right : Score.Wrong($"'{ExactChecker.Shortened(given)}' is not the reference answer");
        }
        catch (RegexMatchTimeoutException)
        {
            return Score.CannotJudge("the pattern took longer than 250 ms");
        }
    }

    public string? Extract(Row row, string output)
    {
        try
        {
            Regex regex = PatternOf(row);
            return HasGroup(regex) ? LastGroup(regex, output) : regex.Match(output) is { Success: true } match ? match.Value : null;
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    private Regex PatternOf(Row row) => row.OptionalText("pattern") is { } own
        ? Compile(own)
        : common ?? throw row.Error("the regex checker needs a field 'pattern' here, or a pattern for all rows.");

    private static bool HasGroup(Regex regex) => regex.GetGroupNumbers().Length > 1;

    private static string? LastGroup(Regex regex, string output)
    {
        string? value = null;
        for (Match match = regex.Match(output); match.Success; match = match.NextMatch()) value = match.Groups[1].Value.Trim();
        return value;
    }

    private static Regex Compile(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, Limit);
        }
        catch (ArgumentException error)
        {
            throw new HoneException($"'{pattern}' is not a regular expression: {error.Message}");
        }
    }
}

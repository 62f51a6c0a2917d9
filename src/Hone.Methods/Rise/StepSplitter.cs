using System.Text.RegularExpressions;

namespace Hone.Methods.Rise;

/// <summary>What counts as a step of a solution.</summary>
public enum StepKind
{
    /// <summary>What stands behind "Step n:" at the start of a line.</summary>
    Markers,

    /// <summary>A line.</summary>
    Lines,
}

/// <summary>A step's place in a solution.</summary>
/// <param name="Start">First character; what is before it is given to the model, the marker included.</param>
/// <param name="Length">Characters.</param>
public readonly record struct StepSpan(int Start, int Length);

/// <summary>Cuts solutions into steps, the first like any other (the released code leaves it out).</summary>
public static partial class StepSplitter
{
    private const int SentencesInFocus = 4;

    /// <summary>The steps that are not blank, in order.</summary>
    /// <param name="solution">Text.</param>
    /// <param name="kind">What a step is; null for markers where there are any, else lines.</param>
    public static IReadOnlyList<StepSpan> Split(string solution, StepKind? kind = null)
    {
        MatchCollection markers = Marker().Matches(solution);
        return kind == StepKind.Markers || (kind is null && markers.Count > 0)
            ? [.. markers.Select((m, i) => Between(solution, m.Index + m.Length, i + 1 < markers.Count ? markers[i + 1].Index : solution.Length)).Where(s => !IsBlank(solution, s))]
            : [.. Lines(solution).Where(s => !IsBlank(solution, s))];
    }

    /// <summary>The part of a step offered for editing: its last four sentences. Sentences end at a line end or ". ".</summary>
    public static StepSpan Focus(string step)
    {
        List<int> starts = [0, .. SentenceEnd().Matches(step).Select(m => m.Index + m.Length).Where(i => i < step.Length)];
        int start = starts[Math.Max(0, starts.Count - SentencesInFocus)];
        return new(start, step.Length - start);
    }

    private static IEnumerable<StepSpan> Lines(string solution)
    {
        for (int start = 0; start <= solution.Length;)
        {
            int end = solution.IndexOf('\n', start);
            if (end < 0) end = solution.Length;
            yield return Between(solution, start, end);
            start = end + 1;
        }
    }

    /// <summary>Without the line end that leads to the next step.</summary>
    private static StepSpan Between(string text, int start, int end) => new(start, text.AsSpan(start, end - start).TrimEnd('\n').Length);

    private static bool IsBlank(string text, StepSpan span) => text.AsSpan(span.Start, span.Length).Trim().IsEmpty;

    [GeneratedRegex(@"^Step \d+:", RegexOptions.Multiline)]
    private static partial Regex Marker();

    [GeneratedRegex(@"\n|\. ")]
    private static partial Regex SentenceEnd();
}

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>
/// Which part of the reference solution a state-reset redraw starts from: hints grow with each failure and start over when
/// they have reached their longest. A rationale of several lines gives 1, 2, … all but the last line, then 1 again. A single
/// line gives 20, 40, 60, 80 % of its words, then 20 % again.
/// Differs: the released code gives 80 % twice before it starts over, a side effect of its reset rule.
/// </summary>
public static class PrefixSchedule
{
    private static readonly double[] Shares = [0.2, 0.4, 0.6, 0.8];

    /// <summary>The prefix for the <paramref name="attempt"/>-th redraw (from 0) of a question; empty when the rationale is too short to cut.</summary>
    public static string Prefix(string rationale, int attempt)
    {
        string[] lines = Lines(rationale);
        if (lines.Length > 1) return string.Concat(lines.Take(1 + attempt % (lines.Length - 1)).Select(line => line + "\n"));
        string[] words = rationale.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int take = (int)(words.Length * Shares[attempt % Shares.Length]);
        return take == 0 ? "" : string.Join(' ', words.Take(take)) + " ";
    }

    /// <summary>Number of different prefixes before they repeat; 0 when the rationale is too short to cut.</summary>
    public static int Count(string rationale)
    {
        int lines = Lines(rationale).Length;
        if (lines > 1) return lines - 1;
        return rationale.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length > 1 ? Shares.Length : 0;
    }

    private static string[] Lines(string rationale) => rationale.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

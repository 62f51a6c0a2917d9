using System.Text.RegularExpressions;
using Hone.Methods.Tokens;

namespace Hone.Methods.Bmc;

/// <summary>
/// Repairs arithmetic with visible steps. First try: every equation of the worse answer whose sides differ gets the right result, and the
/// last number becomes the better answer's; wording, order and right lines stay. Second try: lines that have no counterpart in the better
/// answer are exchanged for those they stand opposite.
/// </summary>
public sealed partial class RuleBridge : IBridge
{
    public string Name => "rules";

    /// <inheritdoc/>
    public Task<Revision> ReviseAsync(BridgePair pair, int attempt, CancellationToken cancellation) =>
        Task.FromResult(new Revision(attempt == 0 ? Recomputed(pair) : Realigned(pair)));

    private static string Recomputed(BridgePair pair)
    {
        string text = pair.Worse;
        foreach (EquationSpan step in EquationSpan.Find(text).Reverse()) // from the end, so that places stay true
            if (step is { Holds: false, Value: >= 0 and { } right }) text = (step with { C = right }).In(text);
        return Number().Matches(pair.Better) is [.., { } answer] && Number().Matches(text) is [.., { } last]
            ? text[..last.Index] + answer.Value + text[(last.Index + last.Length)..]
            : text;
    }

    private static string Realigned(BridgePair pair)
    {
        string[] better = pair.Better.Split('\n'), worse = pair.Worse.Split('\n');
        if (better.Length != worse.Length) return pair.Better;
        HashSet<int> kept = [.. Levenshtein.Matches<string>(worse, better).Where(m => m.A == m.B).Select(m => m.A)];
        return string.Join('\n', worse.Select((line, i) => kept.Contains(i) ? line : better[i]));
    }

    [GeneratedRegex(@"\d+(?:\.\d+)?")]
    private static partial Regex Number();
}

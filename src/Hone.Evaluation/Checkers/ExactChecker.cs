using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Evaluation.Checkers;

/// <summary>
/// The output equals the row's <c>answer</c>, or one of <c>answers</c>, up to case, outer space, runs of space and a final dot.
/// Where the output ends in an "answer:" line, only that line counts.
/// </summary>
/// <param name="caseSensitive">Whether case matters.</param>
public sealed class ExactChecker(bool caseSensitive = false) : IChecker
{
    public string Name => "exact";

    public Score Check(Row row, string output)
    {
        string given = Extract(row, output)!;
        return References(row).Any(r => Normalise(r) == given) ? Score.Right : Score.Wrong($"'{Shortened(given)}' is not the reference answer");
    }

    public string? Extract(Row row, string output) => Normalise(AnswerText.AfterPhrase(output) ?? output);

    private static IEnumerable<string> References(Row row) => row.Fields["answers"] is JsonArray list
        ? list.Select(a => a?.ToString() ?? "")
        : [row.Text("answer")];

    private string Normalise(string text)
    {
        string joined = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (joined.Length > 1 && joined[^1] == '.') joined = joined[..^1];
        return caseSensitive ? joined : joined.ToLowerInvariant();
    }

    internal static string Shortened(string text) => text.Length <= 60 ? text : text[..60] + "…";
}

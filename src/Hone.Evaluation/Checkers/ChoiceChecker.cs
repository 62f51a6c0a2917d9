using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Evaluation.Checkers;

/// <summary>
/// One of a known set of labels. Strict by default: the whole output (or its "answer:" line) must be the label, up to case,
/// quotes, brackets and a final mark, so a model that chats instead of answering gets nothing. With
/// <paramref name="findInText"/> the only label that occurs in the output counts. A row with <c>choices</c> also accepts the
/// letter, number or text of the choice that its <c>answer</c> names.
/// </summary>
/// <param name="labels">The known labels, for rows without choices.</param>
/// <param name="findInText">Look for labels inside longer output.</param>
public sealed partial class ChoiceChecker(IReadOnlyList<string> labels, bool findInText = false) : IChecker
{
    private readonly IReadOnlyList<string> labels = [.. labels.Select(Bare).Distinct().Order(StringComparer.Ordinal)];

    public string Name => "choice";

    /// <summary>The labels, normalised and sorted.</summary>
    public IReadOnlyList<string> Labels => labels;

    public Score Check(Row row, string output)
    {
        string[] choices = ChoicesOf(row);
        string? wanted = Canonical(row.Text("answer"), choices);
        if (choices.Length > 0 && wanted is null) return Score.CannotJudge($"the reference answer '{row.Text("answer")}' is none of the row's choices");
        string? given = Extract(row, output);
        if (given is null) return Score.Wrong($"'{ExactChecker.Shortened(output.Trim())}' is none of {string.Join(", ", choices.Length > 0 ? choices : labels)}");
        return given == (wanted ?? Bare(row.Text("answer"))) ? Score.Right : Score.Wrong($"'{given}' instead of '{wanted ?? Bare(row.Text("answer"))}'");
    }

    public string? Extract(Row row, string output)
    {
        string[] choices = ChoicesOf(row);
        string answer = AnswerText.AfterPhrase(output) ?? output;
        return Canonical(answer, choices) ?? (findInText ? FindIn(answer, choices) : null);
    }

    /// <summary>The label, or the text of the choice, that the text stands for; null when it is neither.</summary>
    private string? Canonical(string text, string[] choices)
    {
        string bare = Bare(text);
        if (choices.Length == 0) return labels.Contains(bare) ? bare : null;
        string[] texts = [.. choices.Select(Bare)];
        if (texts.Contains(bare)) return bare;
        Match letter = Letter().Match(text.Trim());
        if (!letter.Success) return null;
        int index = char.ToUpperInvariant(letter.Groups[1].ValueSpan[0]) - 'A';
        string rest = Bare(letter.Groups[2].Value);
        return index < texts.Length && (rest.Length == 0 || rest == texts[index]) ? texts[index] : null;
    }

    private string? FindIn(string text, string[] choices)
    {
        string[] found = [.. (choices.Length > 0 ? choices.Select(Bare) : labels).Where(l => ContainsWord(text, l))];
        return found.Length == 1 ? found[0] : null;
    }

    private static bool ContainsWord(string text, string label)
    {
        for (int at = text.IndexOf(label, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(label, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            bool startsWord = at == 0 || !char.IsLetterOrDigit(text[at - 1]);
            int end = at + label.Length;
            if (startsWord && (end == text.Length || !char.IsLetterOrDigit(text[end]))) return true;
            if (label.Length == 0) return false;
        }
        return false;
    }

    private static string[] ChoicesOf(Row row) =>
        (row.Fields["choices"] ?? row.Fields["options"]) is JsonArray list ? [.. list.Select(c => c?.ToString() ?? "")] : [];

    private static string Bare(string text) => text.Trim().Trim('"', '\'', '*', '`', '(', ')', '[', ']', '.', '!', ',', ':', ' ').ToLowerInvariant();

    [GeneratedRegex(@"^\(?([A-Za-z])(?:\)|[.:)]+)?(?:\s+(.*))?$", RegexOptions.Singleline)]
    private static partial Regex Letter();
}

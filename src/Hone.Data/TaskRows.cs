using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Data;

/// <summary>
/// Task rows in one form: fields <c>question</c>, <c>answer</c> and, where there is one, <c>rationale</c> (one step per line).
/// </summary>
public static partial class TaskRows
{
    /// <summary>
    /// The row with canonical fields. <c>prompt</c> counts as question, <c>text</c> with <c>label</c> as question and answer.
    /// An answer in GSM8K's published form, steps and a last line <c>#### 18</c> (or <c>A: 18</c>), is split into rationale and
    /// answer. Numbers lose a fraction of zero: 22.0 becomes 22. Other fields stay.
    /// </summary>
    /// <exception cref="HoneException">A field is missing, empty, or not text.</exception>
    public static Row Normalise(Row row)
    {
        string questionField = FirstPresent(row, "question", "prompt", "text");
        string answerField = FirstPresent(row, "answer", "label");
        string question = RowKinds.NotEmpty(row, questionField);
        string answer = AnswerText(row, answerField);
        string? rationale = row.OptionalText("rationale");
        if (rationale is null) (rationale, answer) = SplitAnswer(answer);
        if (answer.Length == 0) throw row.Error($"field '{answerField}' is empty.");
        JsonObject fields = (JsonObject)row.Fields.DeepClone();
        fields["question"] = question.Trim();
        fields["answer"] = answer;
        if (!string.IsNullOrWhiteSpace(rationale)) fields["rationale"] = rationale.ReplaceLineEndings("\n").Trim();
        else fields.Remove("rationale");
        return row with { Fields = fields };
    }

    /// <summary>
    /// Splits "steps\n#### 18" into ("steps", "18"); also a last line "A: 18" or "answer: 18" below other lines. Text without
    /// such an ending is all answer.
    /// </summary>
    public static (string? Rationale, string Answer) SplitAnswer(string text)
    {
        text = text.ReplaceLineEndings("\n").Trim();
        Match match = Ending().Match(text);
        if (!match.Success) return (null, text);
        string rationale = text[..match.Index].Trim();
        return (rationale.Length > 0 ? rationale : null, match.Groups["answer"].Value.Trim());
    }

    /// <summary>Takes out GSM8K's calculator marks: "24/2 = &lt;&lt;24/2=12&gt;&gt;12" becomes "24/2 = 12".</summary>
    public static string WithoutCalculatorMarks(string rationale) => CalculatorMark().Replace(rationale, "");

    /// <summary>
    /// What a model is taught to write for a canonical task row: the rationale and a last line "answer: X", or just the
    /// answer where there is no rationale.
    /// </summary>
    public static string Completion(Row row) =>
        row.OptionalText("rationale") is { } rationale ? $"{rationale}\nanswer: {row.Text("answer")}" : row.Text("answer");

    /// <summary>Steps of the rationale, one per non-empty line; none where there is no rationale.</summary>
    public static IReadOnlyList<string> Steps(Row row) =>
        row.OptionalText("rationale")?.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static string AnswerText(Row row, string field)
    {
        JsonNode? node = row.Fields[field];
        if (node?.GetValueKind() == JsonValueKind.Number
            && decimal.TryParse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number))
            return number == decimal.Truncate(number) ? decimal.Truncate(number).ToString(CultureInfo.InvariantCulture) : node.ToJsonString();
        return row.Text(field).Trim();
    }

    private static string FirstPresent(Row row, params string[] names) => Array.Find(names, row.Fields.ContainsKey)
        ?? throw row.Error($"field '{names[0]}' is missing. Fields here: {string.Join(", ", row.Fields.Select(f => f.Key))}.");

    [GeneratedRegex(@"(?:^|\n)[ \t]*####[ \t]*(?<answer>[^\n]*)$|\n[ \t]*(?:A|[Aa]nswer):[ \t]*(?<answer>[^\n]*)$")]
    private static partial Regex Ending();

    [GeneratedRegex(@"<<[^<>\n]*>>")]
    private static partial Regex CalculatorMark();
}

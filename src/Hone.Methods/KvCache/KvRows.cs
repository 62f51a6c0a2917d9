using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Evaluation.LongContext;

namespace Hone.Methods.KvCache;

/// <summary>
/// Questions about long texts from a file: rows with <c>context</c>, <c>question</c>, <c>answer_prefix</c> and <c>answers</c> (as kvpress
/// and <c>LongContextSample.ToRow</c> have them), or with <c>input</c> and <c>outputs</c> as RULER writes them.
/// </summary>
public static class KvRows
{
    /// <summary>Name of the task in results.</summary>
    public const string Task = "rows";

    private const int UsualNewTokens = 64;

    /// <summary>The first rows of a file.</summary>
    /// <exception cref="HoneException">No such file, or a row without what is needed.</exception>
    public static IReadOnlyList<LongContextSample> Read(string path, int count)
    {
        LongContextSample[] samples = [.. Jsonl.Read(path).Take(count).Select(Of)];
        return samples.Length > 0 ? samples : throw new HoneException($"{path}: no rows. Each needs context, question and answers, or input and outputs.");
    }

    private static LongContextSample Of(Row row)
    {
        (string context, string question, string prefix) = row.Has("context")
            ? (row.Text("context"), "\n" + row.Text("question").TrimStart('\n'), row.OptionalText("answer_prefix") ?? "")
            : Split(row);
        return new()
        {
            Id = row.Id,
            Task = Task,
            Length = 0,
            Context = context,
            Question = question,
            AnswerPrefix = prefix,
            Answers = Answers(row),
            MaxNewTokens = NewTokens(row),
        };
    }

    /// <summary>RULER puts the question, with the start of its answer, on the last line.</summary>
    private static (string Context, string Question, string Prefix) Split(Row row)
    {
        string input = row.Text("input").TrimEnd('\n');
        int end = input.LastIndexOf('\n');
        if (end <= 0) throw row.Error("'input' has one line; expected the question on a line of its own at the end.");
        int prefix = input.IndexOf('?', end) + 1;
        return prefix > 0 ? (input[..end], input[end..prefix], input[prefix..]) : (input[..end], input[end..], "");
    }

    private static string[] Answers(Row row)
    {
        string field = new[] { "answers", "outputs", "answer", "target" }.FirstOrDefault(row.Has) ?? throw row.Error("there is no field 'answers' (or 'outputs', 'answer', 'target').");
        return row.Fields[field] is JsonArray list ? [.. list.Select(a => a?.ToString() ?? "")] : [row.Text(field)];
    }

    private static int NewTokens(Row row)
    {
        if (!row.Has("max_new_tokens")) return UsualNewTokens;
        return row.Fields["max_new_tokens"] is JsonValue value && value.TryGetValue(out double number) && number is >= 1 and <= 100_000 ? (int)number
            : throw row.Error($"'max_new_tokens' is {row.Fields["max_new_tokens"]}; expected a whole number from 1 to 100000.");
    }
}

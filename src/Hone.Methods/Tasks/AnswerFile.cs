using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Methods.Tasks;

/// <summary>Answers on disk, one JSON line each, so that an evaluation is done once.</summary>
public static class AnswerFile
{
    /// <summary>The answers stored at <paramref name="path"/> if they are to exactly these rows; else what <paramref name="evaluate"/> gives, which is stored.</summary>
    public static TaskResult ReadOrMake(string path, IReadOnlyList<Row> rows, Func<TaskResult> evaluate)
    {
        if (File.Exists(path) && Read(path, rows) is { } stored) return stored;
        TaskResult result = evaluate();
        Jsonl.Write(path, result.Answers.Select(a => new JsonObject
        {
            ["id"] = a.Row.Id,
            ["question"] = a.Row.OptionalText("question"),
            ["answer"] = a.Row.OptionalText("answer"),
            ["output"] = a.Output,
            ["score"] = a.Score.Value,
            ["reason"] = a.Score.Reason,
            ["tokens"] = a.Tokens,
            ["truncated"] = a.Truncated,
        }));
        return result;
    }

    private static TaskResult? Read(string path, IReadOnlyList<Row> rows)
    {
        Row[] stored = [.. Jsonl.Read(path)];
        if (stored.Length != rows.Count) return null;
        List<TaskAnswer> answers = new(rows.Count);
        for (int i = 0; i < stored.Length; i++)
        {
            if (stored[i].Id != rows[i].Id || stored[i].OptionalText("question") != rows[i].OptionalText("question")) return null;
            JsonObject f = stored[i].Fields;
            answers.Add(new(rows[i], (string)f["output"]!, new Score((double?)f["score"], (string?)f["reason"] ?? ""), (int)f["tokens"]!, (bool)f["truncated"]!));
        }
        return new(answers);
    }
}

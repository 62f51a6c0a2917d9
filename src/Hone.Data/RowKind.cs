using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data.Preferences;

namespace Hone.Data;

/// <summary>What a row is for.</summary>
public enum RowKind
{
    /// <summary><c>{"text"}</c>: running text, every token is learnt.</summary>
    Text,

    /// <summary><c>{"prompt","completion"}</c>: only the completion is learnt.</summary>
    PromptCompletion,

    /// <summary><c>{"messages":[{"role","content"}, …]}</c>: a conversation, the assistant's turns are learnt.</summary>
    Messages,

    /// <summary><c>{"question"|"prompt","answer","rationale"?}</c> or <c>{"text","label"}</c>: a task with a reference answer.</summary>
    Task,

    /// <summary><c>{"prompt"?,"chosen","rejected"}</c>, texts or conversations: of two answers the first is better.</summary>
    Preference,

    /// <summary><c>{"prompt","completion","label"}</c> with a label of true or false: one answer, good or bad.</summary>
    Judged,

    /// <summary><c>{"prompt"}</c>, a text or a conversation: something to answer, for trainers that sample their own answers.</summary>
    Prompt,
}

/// <summary>Tells row kinds apart by their fields and checks that a row is well formed.</summary>
public static class RowKinds
{
    private static readonly HashSet<string> Roles = ["system", "developer", "user", "assistant", "tool"];

    /// <summary>The kind of a row, or null when it is none of them.</summary>
    public static RowKind? Of(Row row)
    {
        bool Has(string name) => row.Fields.ContainsKey(name);
        if (ForeignPairs.IsPair(row)) return RowKind.Preference;
        if (ForeignPairs.IsJudged(row)) return RowKind.Judged;
        if (Has("messages") || ShareGpt.Is(row)) return RowKind.Messages;
        if (Has("chosen") && Has("rejected")) return RowKind.Preference;
        if (Has("prompt") && Has("completion") && ForeignPairs.Verdict(row) is not null) return RowKind.Judged;
        if (Has("prompt") && Has("completion")) return RowKind.PromptCompletion;
        if ((Has("question") || Has("prompt")) && Has("answer")) return RowKind.Task;
        if (Has("text")) return Has("label") ? RowKind.Task : RowKind.Text;
        return Has("prompt") ? RowKind.Prompt : null;
    }

    /// <summary>The kind, checked: fields have the right types and are not empty.</summary>
    /// <exception cref="HoneException">None of the kinds, or malformed; names the line.</exception>
    public static RowKind Require(Row row)
    {
        RowKind kind = Of(row) ?? throw NoKind(row);
        row = ForeignPairs.Canonical(row);
        switch (kind)
        {
            case RowKind.Text: NotEmpty(row, "text"); break;
            case RowKind.PromptCompletion or RowKind.Judged: CheckPair(row); break;
            case RowKind.Messages when ShareGpt.Is(row): _ = ShareGpt.ToMessages(row); break;
            case RowKind.Messages: CheckMessages(row, "messages"); break;
            case RowKind.Preference: CheckPreference(row); break;
            case RowKind.Prompt when row.Fields["prompt"] is JsonArray: CheckMessages(row, "prompt"); break;
            case RowKind.Prompt: NotEmpty(row, "prompt"); break;
            default: _ = TaskRows.Normalise(row); break;
        }
        return kind;
    }

    /// <summary>Whether a line of JSON is an object with the fields of some kind.</summary>
    internal static bool HasKnownFields(string json)
    {
        try
        {
            return Of(Jsonl.Parse(json, "", 0)) is not null;
        }
        catch (HoneException)
        {
            return false;
        }
    }

    internal static string NotEmpty(Row row, string field)
    {
        string text = row.Text(field);
        return text.AsSpan().Trim().Length > 0 ? text : throw row.Error($"field '{field}' is empty.");
    }

    private static void CheckPair(Row row)
    {
        if (row.Fields["prompt"] is JsonArray && row.Fields["completion"] is JsonArray)
        {
            CheckMessages(row, "prompt");
            CheckReply(row, "completion");
            return;
        }
        _ = row.Text("prompt");
        NotEmpty(row, "completion");
    }

    private static void CheckPreference(Row row)
    {
        bool areTurns = row.Fields["chosen"] is JsonArray;
        if (areTurns != row.Fields["rejected"] is JsonArray) throw row.Error("chosen and rejected must both be texts or both be lists of messages.");
        foreach (string side in (string[])["chosen", "rejected"])
        {
            if (areTurns) CheckReply(row, side);
            else NotEmpty(row, side);
        }
        if (JsonNode.DeepEquals(row.Fields["chosen"], row.Fields["rejected"])) throw row.Error("chosen and rejected are the same: there is nothing to prefer.");
        if (!row.Has("prompt")) return;
        if (areTurns) CheckMessages(row, "prompt");
        else _ = row.Text("prompt");
    }

    /// <summary>Messages that say something: at least one has text or calls a tool.</summary>
    private static void CheckReply(Row row, string field)
    {
        CheckMessages(row, field);
        bool IsEmpty(JsonNode? message) => message!["tool_calls"] is not JsonArray && TextOf(message["content"]) is { } text && string.IsNullOrWhiteSpace(text);
        if (((JsonArray)row.Fields[field]!).All(IsEmpty)) throw row.Error($"field '{field}' is empty.");
    }

    private static void CheckMessages(Row row, string field)
    {
        if (row.Fields[field] is not JsonArray { Count: > 0 } messages)
            throw row.Error($"field '{field}' must be a list of at least one message {{\"role\", \"content\"}}.");
        for (int i = 0; i < messages.Count; i++)
        {
            if (messages[i] is not JsonObject message) throw row.Error($"{field}[{i}] must be an object with role and content.");
            if (TextOf(message["role"]) is not { } role || !Roles.Contains(role))
                throw row.Error($"{field}[{i}].role is {message["role"]?.ToJsonString() ?? "missing"}; expected one of {string.Join(", ", Roles)}.");
            if (TextOf(message["content"]) is null && message["tool_calls"] is not JsonArray && message["content"] is not JsonArray)
                throw row.Error($"{field}[{i}].content must be text.");
        }
    }

    private static string? TextOf(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    private static HoneException NoKind(Row row)
    {
        string columns = string.Join(", ", row.Fields.Select(f => f.Key));
        return row.Error(
            $"cannot tell what this row is. Columns here: {columns}. Expected text; prompt and completion; messages; question and answer; or prompt, chosen and rejected. "
            + $"Name your columns with --map, e.g. {SuggestedMap(row)}.");
    }

    private static string SuggestedMap(Row row)
    {
        string[] columns = [.. row.Fields.Select(f => f.Key)];
        string question = Like(columns, "question", "problem", "prompt", "instruction", "message", "body", "text", "v2") ?? "Question";
        string answer = Like(columns, "answer", "solution", "label", "output", "response", "target", "class", "category", "ground_truth", "v1") ?? "Answer";
        return $"--map question={question} --map answer={answer}";
    }

    private static string? Like(string[] columns, params string[] words) =>
        words.Select(word => Array.Find(columns, c => c.Equals(word, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(c => c is not null);
}

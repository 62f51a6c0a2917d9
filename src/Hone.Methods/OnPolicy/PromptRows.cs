using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Data.Preferences;
using Hone.Models.Text;

namespace Hone.Methods.OnPolicy;

/// <summary>Rows of any kind that has prompts, as prompts to answer.</summary>
public static class PromptRows
{
    /// <summary>Checks that the rows have prompts.</summary>
    /// <exception cref="HoneException">They do not.</exception>
    public static IReadOnlyList<Row> Of(Dataset data) => data.Kind switch
    {
        RowKind.Task or RowKind.Prompt or RowKind.PromptCompletion or RowKind.Judged => data.Rows,
        RowKind.Preference => [.. data.Rows.Select(ImplicitPrompt.Extract)],
        RowKind.Messages => [.. data.Rows.Select(WithoutReply)],
        _ => throw new HoneException($"{data.Path}: rows of kind {data.Kind.ToString().ToLowerInvariant()} have no prompts to answer. Expected question and answer, or prompt; --map names the columns."),
    };

    /// <summary>A conversation up to the assistant's last turn.</summary>
    /// <exception cref="HoneException">There is nothing before it.</exception>
    private static Row WithoutReply(Row row)
    {
        JsonObject fields = (JsonObject)ForeignPairs.WithKnownRoles(row).Fields.DeepClone();
        JsonArray turns = (JsonArray)fields["messages"]!;
        while (turns.Count > 0 && (string?)turns[^1]?["role"] == "assistant") turns.RemoveAt(turns.Count - 1);
        if (turns.Count == 0) throw row.Error("the assistant says everything here: there is nothing to answer.");
        fields.Remove("messages");
        fields["prompt"] = turns;
        return row with { Fields = fields };
    }

    /// <summary>The prompt's tokens: a question as the model is asked, a plain prompt as it stands, a conversation through the template.</summary>
    public static int[] Tokens(ModelText text, Row row) => row switch
    {
        _ when row.Has("question") => text.Prompt(row.Text("question")),
        _ when row.Fields["prompt"] is JsonArray messages => text.OpenPrompt((JsonArray)messages.DeepClone(), row.Fields["tools"] as JsonArray),
        _ => text.Tokenizer.Encode(row.Text("prompt")),
    };

    /// <summary>The prompt as a reader sees it: of a conversation every turn, of several the role before each.</summary>
    public static string Words(Row row)
    {
        if (row.Has("question")) return row.Text("question");
        if (row.Fields["prompt"] is not JsonArray turns) return row.Text("prompt");
        return turns.Count == 1 ? ContentOf(turns[0]) : string.Join("\n\n", turns.Select(t => $"{t?["role"]}: {ContentOf(t)}"));
    }

    /// <summary>The row as a conversation or text with an answer behind: what a reward model reads.</summary>
    public static Row Answered(Row row, string output, bool hasTemplate)
    {
        JsonArray? turns = row.Fields["prompt"] as JsonArray;
        if (turns is null && hasTemplate) turns = [new JsonObject { ["role"] = "user", ["content"] = Words(row) }];
        JsonNode answer = turns is null ? output : new JsonArray(new JsonObject { ["role"] = "assistant", ["content"] = output });
        JsonNode prompt = turns is null ? (row.Has("question") ? Words(row) + "\n" : Words(row)) : turns.DeepClone();
        return row with { Fields = new JsonObject { ["prompt"] = prompt, ["answer"] = answer } };
    }

    private static string ContentOf(JsonNode? turn) => turn?["content"]?.ToString() ?? "";
}

using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Text;

namespace Hone.Methods.Scir;

/// <summary>
/// A row's prompt: <c>question</c> is asked through the model's template, <c>prompt</c> as a list of messages too; <c>prompt</c> as a text
/// stands as it is, which is how pairs of texts are read everywhere.
/// </summary>
internal static class ScirPrompts
{
    /// <summary>As tokens, ready to be answered.</summary>
    public static int[] Tokens(ModelText text, Row row)
    {
        if (row.Has("question")) return text.Prompt(row.Text("question"));
        return row.Fields["prompt"] is JsonArray messages ? text.Prompt(messages) : text.Tokenizer.Encode(row.Text("prompt"));
    }

    /// <summary>As the judge reads it.</summary>
    public static string Question(Row row) => row.Has("question") ? row.Text("question") : TextOf(row, "prompt");

    /// <summary>A text, or what the messages of a list say.</summary>
    public static string TextOf(Row row, string field) => row.Fields[field] is JsonArray messages
        ? string.Join('\n', messages.Select(m => (string?)m?["content"] ?? ""))
        : row.Text(field);
}

using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Text;

namespace Hone.Methods.InverseQ;

/// <summary>Prompts of rows, with a guidance condition in front or without.</summary>
public static class Conditions
{
    private const string Place = "{question}";

    /// <summary>The text itself, or the content of the file it names.</summary>
    public static string Read(string textOrFile) => File.Exists(textOrFile) ? File.ReadAllText(textOrFile).Trim() : textOrFile;

    /// <summary>
    /// The prompt's tokens. A condition with {question} in it becomes the user's message; any other a system message, or without a chat
    /// template the lines in front of the question.
    /// </summary>
    /// <param name="text">The model's tokens.</param>
    /// <param name="condition">The condition; empty for none.</param>
    /// <param name="row">With <c>question</c> or <c>prompt</c>, a text or a conversation.</param>
    /// <exception cref="HoneException">The row has neither, or the condition does not go with a conversation.</exception>
    public static int[] Prompt(ModelText text, string condition, Row row)
    {
        if (!row.Has("question") && row.Fields["prompt"] is JsonArray messages) return Conversation(text, condition, messages, row);
        string question = row.OptionalText("question") ?? row.Text("prompt");
        if (condition.Length == 0) return text.Prompt(question);
        if (condition.Contains(Place, StringComparison.Ordinal)) return text.Prompt(condition.Replace(Place, question, StringComparison.Ordinal));
        return text.HasTemplate ? text.Prompt(new JsonArray(Message("system", condition), Message("user", question))) : text.Prompt($"{condition}\n{question}");
    }

    private static int[] Conversation(ModelText text, string condition, JsonArray messages, Row row)
    {
        if (condition.Contains(Place, StringComparison.Ordinal)) throw row.Error($"this prompt is a conversation; a condition with {Place} needs prompts of text.");
        JsonArray turns = (JsonArray)messages.DeepClone();
        if (condition.Length > 0 && (string?)turns[0]?["role"] == "system") turns[0] = Message("system", $"{condition}\n\n{turns[0]!["content"]}");
        else if (condition.Length > 0) turns.Insert(0, Message("system", condition));
        return text.OpenPrompt(turns);
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}

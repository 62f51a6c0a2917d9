using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Data;

/// <summary>Rows in ShareGPT's form, <c>{"conversations": [{"from", "value"}]}</c>.</summary>
public static class ShareGpt
{
    /// <summary>Whether the row has that form.</summary>
    public static bool Is(Row row) => row.Fields["conversations"] is JsonArray && !row.Fields.ContainsKey("messages");

    /// <summary>
    /// The row with <c>messages</c> instead. Role names stay as they are ('human', 'gpt'), as TRL does, so a template renders them
    /// literally.
    /// </summary>
    /// <exception cref="HoneException">A turn without text.</exception>
    public static Row ToMessages(Row row)
    {
        JsonArray turns = row.Fields["conversations"] as JsonArray ?? throw row.Error("field 'conversations' must be a list of {\"from\", \"value\"}.");
        JsonArray messages = [];
        for (int i = 0; i < turns.Count; i++)
            messages.Add(new JsonObject { ["role"] = Text(row, turns[i], i, "from", "role"), ["content"] = Text(row, turns[i], i, "value", "content") });
        if (messages.Count == 0) throw row.Error("field 'conversations' is empty.");
        JsonObject fields = (JsonObject)row.Fields.DeepClone();
        fields.Remove("conversations");
        fields["messages"] = messages;
        return row with { Fields = fields };
    }

    private static string Text(Row row, JsonNode? turn, int index, string name, string otherName) =>
        turn is JsonObject fields && (fields[name] ?? fields[otherName]) is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw row.Error($"conversations[{index}].{name} must be text.");
}

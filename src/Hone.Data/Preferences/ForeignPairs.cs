using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Schema;

namespace Hone.Data.Preferences;

/// <summary>
/// Preferences as other tools store them, brought into Hone's form. ShareGPT pairs, <c>{"conversations": [{"from","value"}], "chosen":
/// {"from","value"}, "rejected": …}</c>, become prompt, chosen and rejected; conversations with a verdict, <c>{"messages": […], "label":
/// true}</c>, become prompt, completion and label. ShareGPT's roles are translated, since a chat template knows only its own.
/// </summary>
public static class ForeignPairs
{
    private static readonly Dictionary<string, string> Roles = new(StringComparer.Ordinal)
    {
        ["human"] = "user",
        ["user"] = "user",
        ["gpt"] = "assistant",
        ["assistant"] = "assistant",
        ["function_call"] = "assistant",
        ["observation"] = "tool",
        ["tool"] = "tool",
        ["system"] = "system",
    };

    /// <summary>Whether the row is a ShareGPT pair.</summary>
    public static bool IsPair(Row row) => row.Fields["conversations"] is JsonArray && row.Fields.ContainsKey("chosen") && row.Fields.ContainsKey("rejected");

    /// <summary>Whether the row is a conversation whose last turn is judged.</summary>
    public static bool IsJudged(Row row) => row.Fields["messages"] is JsonArray && Verdict(row) is not null;

    /// <summary>The label, where it is true or false, or one of these words, as tables have them; else null.</summary>
    public static bool? Verdict(Row row) => row.Fields["label"] is not JsonValue label ? null
        : label.TryGetValue(out bool verdict) || (label.TryGetValue(out string? word) && bool.TryParse(word, out verdict)) ? verdict : null;

    /// <summary>The row in Hone's form; as it is where it is in it already.</summary>
    /// <exception cref="HoneException">An unknown role, a turn without text, nothing to judge.</exception>
    public static Row Canonical(Row row)
    {
        if (IsPair(row)) return Pair(row);
        if (IsJudged(row)) row = Judged(row);
        if (!row.Fields.ContainsKey("completion") || row.Fields["label"]?.GetValueKind() != JsonValueKind.String || Verdict(row) is not { } verdict) return row;
        JsonObject fields = (JsonObject)row.Fields.DeepClone();
        fields["label"] = verdict;
        return row with { Fields = fields };
    }

    /// <summary>A conversation whose roles are ShareGPT's, with the roles chat templates know; its tools as a list where they are one as text.</summary>
    public static Row WithKnownRoles(Row row)
    {
        if (row.Fields["messages"] is not JsonArray messages || messages.All(m => Text(m, "role", "role") is not { } r || !Roles.TryGetValue(r, out string? known) || known == r)) return row;
        JsonObject fields = (JsonObject)row.Fields.DeepClone();
        foreach (JsonObject message in fields["messages"]!.AsArray().OfType<JsonObject>())
            if (Text(message, "role", "role") is { } role && Roles.TryGetValue(role, out string? known)) message["role"] = known;
        if (Text(fields, "tools", "tools") is { } tools) fields["tools"] = ListOf(tools);
        return row with { Fields = fields };
    }

    /// <summary>The list a text holds; null for an empty one and for other text.</summary>
    private static JsonArray? ListOf(string text) => JsonText.TryParse(text, out JsonNode? node) && node is JsonArray { Count: > 0 } list ? list : null;

    private static Row Pair(Row row)
    {
        JsonArray turns = (JsonArray)row.Fields["conversations"]!;
        JsonObject fields = (JsonObject)row.Fields.DeepClone();
        fields.Remove("conversations");
        fields["prompt"] = new JsonArray([.. turns.Select((t, i) => (JsonNode)Message(row, t, $"conversations[{i}]"))]);
        foreach (string side in (string[])["chosen", "rejected"])
            fields[side] = fields[side] is JsonArray list ? new JsonArray([.. list.Select((t, i) => (JsonNode)Message(row, t, $"{side}[{i}]"))]) : new JsonArray(Message(row, fields[side], side));
        return row with { Fields = fields };
    }

    private static Row Judged(Row row)
    {
        JsonArray messages = (JsonArray)row.Fields["messages"]!;
        if (messages.Count < 2 || Text(messages[^1], "role", "from") is not "assistant")
            throw row.Error("messages with a label must end in the assistant's turn that is judged, behind at least one other.");
        JsonObject fields = (JsonObject)row.Fields.DeepClone();
        fields.Remove("messages");
        fields["prompt"] = new JsonArray([.. messages.SkipLast(1).Select(m => m?.DeepClone())]);
        fields["completion"] = new JsonArray(messages[^1]!.DeepClone());
        return row with { Fields = fields };
    }

    private static JsonObject Message(Row row, JsonNode? turn, string place)
    {
        if (Text(turn, "from", "role") is not { } from) throw row.Error($"{place}.from must be text.");
        if (!Roles.TryGetValue(from, out string? role)) throw row.Error($"{place}.from is '{from}'; expected one of {string.Join(", ", Roles.Keys.Order(StringComparer.Ordinal))}.");
        return new JsonObject { ["role"] = role, ["content"] = Text(turn, "value", "content") ?? throw row.Error($"{place}.value must be text.") };
    }

    private static string? Text(JsonNode? turn, string name, string otherName) =>
        turn is JsonObject fields && (fields[name] ?? fields[otherName]) is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}

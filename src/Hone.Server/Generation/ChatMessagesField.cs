using System.Text.Json.Nodes;
using Hone.Core.Schema;
using Hone.Server.Http;

namespace Hone.Server.Generation;

/// <summary>The messages of a chat request, checked and put into the form templates read: text contents, arguments as objects.</summary>
internal static class ChatMessagesField
{
    private const int MaxMessages = 10_000;

    public static JsonArray Read(JsonFields fields)
    {
        JsonArray given = fields.List("messages", MaxMessages) ?? throw ApiException.BadRequest("'messages' is missing.", "messages");
        if (given.Count == 0) throw ApiException.BadRequest("'messages' is empty.", "messages");
        return [.. given.Select((message, i) => (JsonNode)Message(message, $"messages[{i}]"))];
    }

    private static JsonObject Message(JsonNode? node, string place)
    {
        if (node is not JsonObject json) throw ApiException.BadRequest($"'{place}' must be an object.", place);
        JsonFields fields = new(json, place + ".");
        string role = fields.Text("role") switch
        {
            "developer" => "system",
            "system" or "user" or "assistant" or "tool" => fields.Text("role")!,
            _ => throw ApiException.BadRequest($"'{place}.role' must be system, developer, user, assistant or tool.", place),
        };
        JsonObject message = new() { ["role"] = role, ["content"] = Content(json["content"], place) };
        if (fields.Text("name", 256) is { } name) message["name"] = name;
        if (fields.Text("tool_call_id", 256) is { } id) message["tool_call_id"] = id;
        if (fields.Text("reasoning_content") is { } thought) message["reasoning_content"] = thought;
        if (fields.List("tool_calls", 256) is { Count: > 0 } calls) message["tool_calls"] = new JsonArray([.. calls.Select(call => Call(call, place))]);
        if (role is "user" or "system" && json["content"] is null) throw ApiException.BadRequest($"'{place}.content' is missing.", place);
        return message;
    }

    private static string Content(JsonNode? content, string place) => content switch
    {
        null => "",
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonArray parts => string.Concat(parts.Select(part => Part(part, place))),
        _ => throw ApiException.BadRequest($"'{place}.content' must be text or a list of text parts.", place),
    };

    private static string Part(JsonNode? node, string place)
    {
        if (node is not JsonObject json) throw ApiException.BadRequest($"'{place}.content' must be text or a list of parts.", place);
        JsonFields part = new(json, place + ".content[].");
        return part.Text("type") switch
        {
            "text" => part.Text("text") ?? "",
            "refusal" => part.Text("refusal") ?? "",
            { } other => throw ApiException.BadRequest($"'{place}' has a part of type '{ApiException.Shorten(other)}'; this model reads text only.", place, "unsupported_content"),
            null => throw ApiException.BadRequest($"'{place}.content' has a part without a type.", place),
        };
    }

    private static JsonNode Call(JsonNode? node, string place)
    {
        JsonObject function = node?["function"] as JsonObject ?? throw ApiException.BadRequest($"'{place}.tool_calls' must hold function calls.", place);
        JsonFields fields = new(function, place + ".tool_calls[].function.");
        JsonObject call = new()
        {
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = fields.Text("name") ?? throw fields.Wrong("name", "text"), ["arguments"] = Arguments(function["arguments"], fields) },
        };
        if (node!["id"] is JsonValue id && id.TryGetValue(out string? text)) call["id"] = text;
        return call;
    }

    /// <summary>Templates write arguments themselves, so they get the object; text that is not one stays text.</summary>
    private static JsonNode Arguments(JsonNode? given, JsonFields fields)
    {
        if (given is JsonObject json) return json.DeepClone();
        string text = fields.Text("arguments") ?? "{}";
        return JsonText.TryParse(text, out JsonNode? node) && node is JsonObject parsed ? parsed : text;
    }
}

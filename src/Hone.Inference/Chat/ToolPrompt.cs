using System.Text;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.ToolCalls;

namespace Hone.Inference.Chat;

/// <summary>
/// Tools for a model whose template knows none: they are described in the system message, calls and results are written between
/// tags, as <see cref="ToolCallFormat.Hermes"/> has them.
/// </summary>
internal static class ToolPrompt
{
    /// <summary>The messages with everything about tools put into plain text.</summary>
    public static JsonArray Write(JsonArray messages, JsonArray? tools)
    {
        JsonArray plain = [];
        if (tools is not null) plain.Add(new JsonObject { ["role"] = "system", ["content"] = Describe(tools) });
        foreach (JsonObject message in messages.OfType<JsonObject>())
        {
            if ((string?)message["role"] == "system" && plain is [JsonObject { } first] && (string?)first["role"] == "system")
                first["content"] = $"{(string?)message["content"]}\n\n{(string?)first["content"]}";
            else plain.Add(Plain(message));
        }
        return plain;
    }

    private static string Describe(JsonArray tools)
    {
        StringBuilder text = new("You can call tools. They are, one JSON description a line:\n<tools>\n");
        foreach (JsonNode? tool in tools) text.Append(tool!.ToJsonString(Jsonl.Compact)).Append('\n');
        return text.Append(
            """
            </tools>
            To call one, write this and nothing else, with the name of the tool and its arguments filled in:
            <tool_call>
            {"name": "...", "arguments": {...}}
            </tool_call>
            """).ToString();
    }

    private static JsonObject Plain(JsonObject message)
    {
        string content = (string?)message["content"] ?? "";
        if ((string?)message["role"] == "tool") return new() { ["role"] = "user", ["content"] = $"<tool_response>\n{content}\n</tool_response>" };
        if (message["tool_calls"] is not JsonArray calls) return (JsonObject)message.DeepClone();
        IEnumerable<string> written = calls.Select(call => $"<tool_call>\n{Call(call)}\n</tool_call>");
        return new() { ["role"] = "assistant", ["content"] = string.Join('\n', content.Length > 0 ? written.Prepend(content) : written) };
    }

    private static string Call(JsonNode? call) => new JsonObject
    {
        ["name"] = call?["function"]?["name"]?.DeepClone(),
        ["arguments"] = call?["function"]?["arguments"]?.DeepClone(),
    }.ToJsonString(Jsonl.Compact);
}

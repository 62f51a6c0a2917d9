using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Schema;
using Hone.Core.ToolCalls;

namespace Hone.Methods.TlTraining;

/// <summary>Who speaks in a trajectory.</summary>
public enum Speaker
{
    System,
    User,
    Assistant,
    Tool,
}

/// <summary>One turn.</summary>
/// <param name="Speaker">Who speaks.</param>
/// <param name="Text">What is said; for a call, the call in Python's syntax.</param>
/// <param name="Call">The call, where the turn is one.</param>
/// <param name="Failed">What whoever ran the tool says of it: whether it failed; null where nothing is said.</param>
public sealed record Turn(Speaker Speaker, string Text, ToolCall? Call = null, bool? Failed = null)
{
    /// <summary>Index of the message it was read from; a message with several calls is several turns.</summary>
    public int Message { get; init; }
}

/// <summary>A conversation with tools.</summary>
/// <param name="Id">Name of the row.</param>
/// <param name="Tools">Tools offered.</param>
/// <param name="Turns">Turns in order.</param>
public sealed record Trajectory(string Id, IReadOnlyList<ToolDocument> Tools, IReadOnlyList<Turn> Turns)
{
    /// <summary>
    /// Reads a row with <c>tools</c> and <c>messages</c>. A call is a turn of its own kind (<c>function_call</c> with <c>{"name",
    /// "arguments"}</c>), OpenAI's <c>tool_calls</c>, or an assistant's turn with the tool's name in the first line and JSON arguments in the
    /// second. Tools answer as <c>tool</c>, <c>function</c>, <c>observation</c> or <c>output</c>, with <c>is_error</c> where known.
    /// </summary>
    /// <exception cref="HoneException">An unknown role, a call that cannot be read, a tool offered twice; names the row.</exception>
    public static Trajectory Read(Row row)
    {
        try
        {
            IReadOnlyList<ToolDocument> tools = ToolDocument.ReadAll(row.Fields["tools"]);
            if (row.Fields["messages"] is not JsonArray messages) throw new HoneException("a trajectory needs 'messages' or 'conversations'.");
            List<Turn> turns = [];
            for (int i = 0; i < messages.Count; i++) turns.AddRange(Read(messages[i] as JsonObject, i, tools).Select(t => t with { Message = i }));
            return new(row.Id, tools, turns);
        }
        catch (HoneException error)
        {
            throw row.Placed(error);
        }
    }

    private static IEnumerable<Turn> Read(JsonObject? message, int index, IReadOnlyList<ToolDocument> tools)
    {
        string role = TextOf(message?["role"]) ?? throw new HoneException($"turn {index + 1} has no role.");
        string content = TextOf(message!["content"]) ?? "";
        switch (role)
        {
            case "system" or "developer": return [new(Speaker.System, content)];
            case "user" or "human": return [new(Speaker.User, content)];
            case "tool" or "function" or "observation" or "output": return [new(Speaker.Tool, content, null, Flag(message["is_error"]))];
            case "function_call": return [Called(ReadJsonCall(content) ?? throw Unreadable(index, content))];
            case "assistant" or "gpt": return Assistant(message, content, index, tools);
            default: throw new HoneException($"turn {index + 1} has the role '{role}'; expected system, user, assistant, tool, or their names in ShareGPT's form.");
        }
    }

    private static List<Turn> Assistant(JsonObject message, string content, int index, IReadOnlyList<ToolDocument> tools)
    {
        if (message["tool_calls"] is JsonArray { Count: > 0 } calls)
            return [.. calls.Select(c => Called(ReadOpenAi(c) ?? throw Unreadable(index, c?.ToJsonString() ?? "null")))];
        int line = content.IndexOf('\n');
        string name = (line < 0 ? content : content[..line]).Trim();
        if (tools.All(t => t.Name != name)) return [PythonOrText(content, tools)];
        string rest = line < 0 ? "{}" : content[(line + 1)..];
        return JsonText.TryParse(rest, out JsonNode? arguments) && arguments is JsonObject fields ? [Called(new ToolCall(name, fields))] : throw Unreadable(index, content);
    }

    private static Turn PythonOrText(string content, IReadOnlyList<ToolDocument> tools) =>
        PythonCalls.Read(content).Calls is [ToolCall call] && tools.Any(t => t.Name == call.Name) ? Called(call) : new(Speaker.Assistant, content);

    private static Turn Called(ToolCall call) => new(Speaker.Assistant, PythonCalls.Write(call), call);

    private static ToolCall? ReadJsonCall(string text)
    {
        if (!JsonText.TryParse(text, out JsonNode? node) || node is not JsonObject call || TextOf(call["name"]) is not { Length: > 0 } name) return null;
        return Arguments(call["arguments"] ?? call["parameters"]) is { } arguments ? new(name, arguments) : null;
    }

    private static ToolCall? ReadOpenAi(JsonNode? node)
    {
        JsonObject? function = (node as JsonObject)?["function"] as JsonObject ?? node as JsonObject;
        return TextOf(function?["name"]) is { Length: > 0 } name && Arguments(function!["arguments"]) is { } arguments ? new(name, arguments) : null;
    }

    /// <summary>Arguments as an object, or as text that holds one; none at all is an empty object.</summary>
    private static JsonObject? Arguments(JsonNode? node) => node switch
    {
        null => [],
        JsonObject fields => (JsonObject)fields.DeepClone(),
        _ => TextOf(node) is { } text && JsonText.TryParse(text, out JsonNode? parsed) ? parsed as JsonObject : null,
    };

    private static HoneException Unreadable(int index, string text) =>
        new($"turn {index + 1}: the call '{(text.Length > 60 ? text[..60] + "…" : text)}' cannot be read; expected a tool's name and a JSON object of arguments.");

    private static bool? Flag(JsonNode? node) => node?.GetValueKind() switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}

using System.Text.Json.Nodes;

namespace Hone.Core.ToolCalls;

/// <summary>A call of a tool that a model asks for.</summary>
/// <param name="Name">The tool; never empty.</param>
/// <param name="Arguments">By name, in the order written; numbers keep their spelling, so 5 and 5.0 stay apart.</param>
/// <param name="Id">The model's own name of the call, where the format has one.</param>
public sealed record ToolCall(string Name, JsonObject Arguments, string? Id = null)
{
    /// <summary>The arguments as JSON text, as OpenAI's message format carries them.</summary>
    public string ArgumentsText => Arguments.ToJsonString(Jsonl.Compact);

    /// <summary>
    /// Reads a call object: a name that is not empty, and arguments that are an object under one of the given keys.
    /// Null when it is anything else; nothing is guessed or repaired.
    /// </summary>
    internal static ToolCall? TryRead(JsonNode? node, params ReadOnlySpan<string> argumentKeys)
    {
        if (node is not JsonObject call || TextOf(call["name"]) is not { Length: > 0 } name) return null;
        foreach (string key in argumentKeys)
            if (call[key] is JsonObject arguments) return new ToolCall(name, (JsonObject)arguments.DeepClone(), TextOf(call["id"]));
        return null;
    }

    private static string? TextOf(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.String ? value.GetValue<string>() : null;
}

/// <summary>What a model's reply says.</summary>
/// <param name="Calls">Calls in order.</param>
/// <param name="Content">What is left for the user, trimmed.</param>
/// <param name="Malformed">Calls that were begun and cannot be read: reported, never guessed at.</param>
/// <param name="Reasoning">Thinking before the reply, where the format marks it.</param>
public sealed record ToolCallReading(IReadOnlyList<ToolCall> Calls, string Content, int Malformed = 0, string? Reasoning = null);

using System.Text.Json.Nodes;
using Hone.Core.ToolCalls;
using Hone.Inference;

namespace Hone.Server.Endpoints;

/// <summary>Parts of replies that several endpoints share.</summary>
internal static class ChatJson
{
    public static string NewId(string prefix = "chatcmpl") => $"{prefix}-{Guid.NewGuid():N}";

    public static JsonObject Envelope(string kind, string model, string id) => new()
    {
        ["id"] = id,
        ["object"] = kind,
        ["created"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        ["model"] = model,
        ["system_fingerprint"] = "hone",
    };

    public static JsonObject Usage(long prompt, long generated) => new() { ["prompt_tokens"] = prompt, ["completion_tokens"] = generated, ["total_tokens"] = prompt + generated };

    public static string Finish(FinishReason finish, bool calls) => calls ? "tool_calls" : finish == FinishReason.Length ? "length" : "stop";

    public static JsonArray Calls(IReadOnlyList<ToolCall> calls, bool withIndex) => [.. calls.Select((call, i) =>
    {
        JsonObject json = withIndex ? new() { ["index"] = i } : [];
        json["id"] = call.Id ?? $"call_{Guid.NewGuid():N}"[..29];
        json["type"] = "function";
        json["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.ArgumentsText };
        return (JsonNode)json;
    })];
}

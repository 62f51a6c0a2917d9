using System.Text.Json.Nodes;
using Hone.Core.ToolCalls;
using Hone.Inference;

namespace Hone.Server.Endpoints;

/// <summary>Parts of replies that several endpoints share.</summary>
internal static class ChatJson
{
    public static string NewId(string prefix = "chatcmpl") => $"{prefix}-{Guid.NewGuid():N}";

    /// <summary>Seconds since 1970, of which all parts of one reply carry the same.</summary>
    public static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    public static JsonObject Envelope(string kind, string model, string id, long created) => new()
    {
        ["id"] = id,
        ["object"] = kind,
        ["created"] = created,
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

using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Core.ToolCalls;

/// <summary>A reply that is one call object or a list of them, bare or as a code block; text around makes it content.</summary>
internal static class PlainJsonCalls
{
    private const string Fence = "```";

    public static ToolCallReading Read(string reply)
    {
        if (!JsonText.TryParse(WithoutFence(reply.Trim()), out JsonNode? node)) return new ToolCallReading([], reply.Trim());
        IEnumerable<JsonNode?> items = node is JsonArray list ? list : new[] { node };
        ToolCall?[] calls = [.. items.Select(item => ToolCall.TryRead(item, "arguments"))];
        return calls.Length == 0 || calls.Contains(null) ? new ToolCallReading([], reply.Trim()) : new ToolCallReading([.. calls.OfType<ToolCall>()], "");
    }

    private static string WithoutFence(string text)
    {
        if (!text.StartsWith(Fence, StringComparison.Ordinal) || !text.EndsWith(Fence, StringComparison.Ordinal)) return text;
        int line = text.IndexOf('\n');
        return line < 0 || line > text.Length - Fence.Length ? text : text[(line + 1)..^Fence.Length];
    }
}

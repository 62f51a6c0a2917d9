using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Core.ToolCalls;

/// <summary>A list behind the control token <c>[TOOL_CALLS]</c>; one bad call makes the list malformed.</summary>
internal static class MistralCalls
{
    private const string Mark = "[TOOL_CALLS]", EndOfText = "</s>";

    public static ToolCallReading Read(string reply)
    {
        int mark = reply.IndexOf(Mark, StringComparison.Ordinal);
        if (mark < 0) return new ToolCallReading([], WithoutEnd(reply));
        string content = reply[..mark].Trim();
        bool isList = JsonText.TryParse(WithoutEnd(reply[(mark + Mark.Length)..]), out JsonNode? node) && node is JsonArray;
        ToolCall?[] calls = isList ? [.. ((JsonArray)node!).Select(item => ToolCall.TryRead(item, "arguments"))] : [null];
        return calls.Contains(null) ? new ToolCallReading([], content, 1) : new ToolCallReading([.. calls.OfType<ToolCall>()], content);
    }

    private static string WithoutEnd(string text)
    {
        string trimmed = text.Trim();
        return trimmed.EndsWith(EndOfText, StringComparison.Ordinal) ? trimmed[..^EndOfText.Length].TrimEnd() : trimmed;
    }
}

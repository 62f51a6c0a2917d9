using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Core.ToolCalls;

/// <summary>Blocks between <c>&lt;tool_call&gt;</c> tags; thinking in front is set apart and not searched for calls.</summary>
internal static class HermesCalls
{
    private const string Open = "<tool_call>", Close = "</tool_call>", Think = "<think>", Thought = "</think>";

    public static ToolCallReading Read(string reply)
    {
        (string? reasoning, string rest) = SplitThinking(reply);
        List<ToolCall> calls = [];
        StringBuilder content = new();
        int at = 0, malformed = 0;
        while (rest.IndexOf(Open, at, StringComparison.Ordinal) is >= 0 and int open)
        {
            content.Append(rest, at, open - at);
            ToolCall? call = ReadBlock(rest, open + Open.Length, out at);
            if (call is null) malformed++;
            else calls.Add(call);
        }
        content.Append(rest, at, rest.Length - at);
        return new ToolCallReading(calls, content.ToString().Trim(), malformed, reasoning);
    }

    /// <summary>The call of one block, or null; <paramref name="end"/> is behind its closing tag, or at the end where there is none.</summary>
    private static ToolCall? ReadBlock(string text, int start, out int end)
    {
        if (JsonPrefix.TryRead(text, start, out JsonNode? value, out int after) && SkipSpace(text, after) is var close && text.AsSpan(close).StartsWith(Close))
        {
            end = close + Close.Length;
            return ToolCall.TryRead(value, "arguments");
        }
        int next = text.IndexOf(Close, start, StringComparison.Ordinal);
        end = next < 0 ? text.Length : next + Close.Length;
        return null;
    }

    private static int SkipSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return at;
    }

    private static (string? Reasoning, string Reply) SplitThinking(string reply)
    {
        string start = reply.TrimStart();
        int end = reply.IndexOf(Thought, StringComparison.Ordinal);
        if (!start.StartsWith(Think, StringComparison.Ordinal) || end < 0) return (null, reply);
        return (reply[(reply.IndexOf(Think, StringComparison.Ordinal) + Think.Length)..end].Trim(), reply[(end + Thought.Length)..]);
    }
}

using System.Text.Json.Nodes;

namespace Hone.Core.ToolCalls;

/// <summary>A reply that is nothing but call objects; anything else in it makes it all content.</summary>
internal static class Llama3Calls
{
    private const string PythonTag = "<|python_tag|>";
    private static readonly string[] EndTags = ["<|eot_id|>", "<|eom_id|>"];

    public static ToolCallReading Read(string reply)
    {
        string text = WithoutEnd(reply);
        string body = text.StartsWith(PythonTag, StringComparison.Ordinal) ? text[PythonTag.Length..] : text;
        List<ToolCall> calls = [];
        for (int at = Skip(body, 0); at < body.Length; at = Skip(body, at))
        {
            if (body[at] != '{' || !JsonPrefix.TryRead(body, at, out JsonNode? value, out at) || ToolCall.TryRead(value, "parameters", "arguments") is not { } call)
                return new ToolCallReading([], text.Trim());
            calls.Add(call);
        }
        return new ToolCallReading(calls, "");
    }

    private static int Skip(string text, int at)
    {
        while (at < text.Length && (char.IsWhiteSpace(text[at]) || text[at] == ';')) at++;
        return at;
    }

    private static string WithoutEnd(string reply)
    {
        string text = reply.Trim();
        while (Array.Find(EndTags, tag => text.EndsWith(tag, StringComparison.Ordinal)) is { } tag) text = text[..^tag.Length].TrimEnd();
        return text;
    }
}

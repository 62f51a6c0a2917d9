using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Server.Http;

/// <summary>An event that comes for every token with another text: all of it but the text is made once.</summary>
internal sealed class EventFrame
{
    private readonly byte[] before, after;

    /// <param name="json">The event with an empty text.</param>
    /// <param name="field">The text's name; no other field of that name is an empty text.</param>
    public EventFrame(JsonNode json, string field)
    {
        ReadOnlySpan<byte> all = JsonSerializer.SerializeToUtf8Bytes(json, Jsonl.Compact);
        byte[] empty = System.Text.Encoding.UTF8.GetBytes($"\"{field}\":\"\"");
        // Quotation marks inside texts are escaped, so these bytes are the field itself.
        int end = all.IndexOf(empty) + empty.Length;
        before = [.. "data: "u8, .. all[..(end - 2)]];
        after = [.. all[end..], .. "\n\n"u8];
    }

    /// <summary>From the event's beginning to the text.</summary>
    public ReadOnlySpan<byte> Before => before;

    /// <summary>From the text to the event's end.</summary>
    public ReadOnlySpan<byte> After => after;
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Core.ToolCalls;

/// <summary>Reads one JSON value at the start of a text that goes on with something else.</summary>
internal static class JsonPrefix
{
    /// <summary>
    /// The value at <paramref name="start"/> and where it ends; false when there is none. Looks into strings, so a closing
    /// mark inside one does not end it.
    /// </summary>
    public static bool TryRead(string text, int start, out JsonNode? value, out int end)
    {
        (value, end) = (null, start);
        byte[] bytes = Encoding.UTF8.GetBytes(text[start..]);
        try
        {
            Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = JsonText.MaxDepth });
            if (!reader.Read() || !reader.TrySkip()) return false;
            int length = Encoding.UTF8.GetCharCount(bytes.AsSpan(0, (int)reader.BytesConsumed));
            end = start + length;
            return JsonText.TryParse(text.Substring(start, length), out value);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

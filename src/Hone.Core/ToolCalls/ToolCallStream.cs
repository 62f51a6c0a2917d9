using System.Text;

namespace Hone.Core.ToolCalls;

/// <summary>
/// Reads tool calls out of a reply as it grows: gives out at once what is certainly content, holds back what is or may become a
/// call. All parts together are what <see cref="ToolCallParser.Read"/> finds in the whole reply.
/// </summary>
/// <param name="format">How the model writes calls.</param>
public sealed class ToolCallStream(ToolCallFormat format)
{
    private const string HermesMark = "<tool_call>", Think = "<think>", MistralMark = "[TOOL_CALLS]", PythonTag = "<|python_tag|>";

    private readonly StringBuilder reply = new(), shown = new();
    private string pending = "";
    private bool hasBegun, isHeld;

    /// <summary>Takes more of the reply and returns the content that became certain; may be empty.</summary>
    public string Push(string added)
    {
        reply.Append(added);
        if (isHeld) return "";
        pending += added;
        if (!hasBegun && !Begin()) return "";
        int end = SafeLength();
        string content = pending[..end];
        pending = pending[end..];
        shown.Append(content);
        return content;
    }

    /// <summary>Ends the reply.</summary>
    /// <returns>What the whole reply says, and the content that was not given out yet.</returns>
    public (ToolCallReading Reading, string Remaining) Finish()
    {
        ToolCallReading reading = ToolCallParser.Read(reply.ToString(), format);
        string before = shown.ToString();
        return (reading, reading.Content.StartsWith(before, StringComparison.Ordinal) ? reading.Content[before.Length..] : "");
    }

    /// <summary>Looks at the first characters: false while they say nothing, or when they hold everything back.</summary>
    private bool Begin()
    {
        pending = pending.TrimStart();
        if (pending.Length == 0) return false;
        string[] openings = format switch
        {
            ToolCallFormat.Hermes => [Think],
            ToolCallFormat.Llama3 => ["{", PythonTag],
            ToolCallFormat.PlainJson => ["{", "[", "```"],
            _ => [],
        };
        isHeld = openings.Any(o => pending.StartsWith(o, StringComparison.Ordinal));
        if (isHeld || openings.Any(o => o.StartsWith(pending, StringComparison.Ordinal))) return false;
        return hasBegun = true;
    }

    /// <summary>How much of what is pending is content whatever follows. White space before a call or the end is not.</summary>
    private int SafeLength()
    {
        string? mark = format switch { ToolCallFormat.Hermes => HermesMark, ToolCallFormat.Mistral => MistralMark, _ => null };
        int end = mark is null ? -1 : pending.IndexOf(mark, StringComparison.Ordinal);
        isHeld = end >= 0;
        if (end < 0) end = pending.Length - (mark is null ? 0 : PossibleBeginning(mark));
        while (end > 0 && char.IsWhiteSpace(pending[end - 1])) end--;
        return end;
    }

    private int PossibleBeginning(string mark)
    {
        for (int length = Math.Min(mark.Length - 1, pending.Length); length > 0; length--)
            if (pending.AsSpan(pending.Length - length).SequenceEqual(mark.AsSpan(0, length))) return length;
        return 0;
    }
}

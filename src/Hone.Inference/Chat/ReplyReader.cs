using Hone.Core.ToolCalls;

namespace Hone.Inference.Chat;

/// <summary>Reads one reply as it grows: content at once, tool calls at the end.</summary>
public sealed class ReplyReader
{
    private readonly ChatPlan plan;
    private readonly ToolCallStream? stream;

    internal ReplyReader(ChatPlan plan)
    {
        this.plan = plan;
        stream = plan.Format is { } format ? new ToolCallStream(format) : null;
        stream?.Push(plan.Opening);
    }

    /// <summary>Takes more text and returns what of it is content for certain.</summary>
    public string Push(string text) => stream is null ? text : stream.Push(text);

    /// <summary>Ends the reply.</summary>
    /// <param name="isComplete">Whether the model ended it itself: a call that was cut short is not read.</param>
    /// <returns>Calls and thinking, and content that was not given out yet.</returns>
    public (ToolCallReading Reading, string Remaining) Finish(bool isComplete)
    {
        if (stream is null) return (new ToolCallReading([], ""), "");
        if (isComplete) stream.Push(plan.Closing);
        return stream.Finish();
    }
}

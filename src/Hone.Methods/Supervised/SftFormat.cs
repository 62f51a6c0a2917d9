using Hone.Training.Batching;

namespace Hone.Methods.Supervised;

/// <summary>How rows share sequences.</summary>
public enum Packing
{
    /// <summary>Every row is a sequence of its own. Hone never pads, so this wastes nothing.</summary>
    None,

    /// <summary>Best-fit decreasing; rows longer than a sequence lose their end.</summary>
    Bfd,

    /// <summary>Best-fit decreasing; rows longer than a sequence are split first.</summary>
    BfdSplit,

    /// <summary>One stream cut into sequences; attention crosses the borders of rows.</summary>
    Wrapped,
}

/// <summary>How rows become sequences and which of their tokens are learnt. Names and meaning are TRL's SFTConfig's.</summary>
public sealed record SftFormat
{
    /// <summary>Longest sequence in tokens; 0 for no limit.</summary>
    public int MaxLength { get; init; }

    /// <summary>Which end of a longer row is kept, where rows are not packed.</summary>
    public Truncation Truncation { get; init; }

    /// <summary>Rows of prompt and completion: learn completions only. Null means yes.</summary>
    public bool? CompletionOnlyLoss { get; init; }

    /// <summary>
    /// Conversations: learn assistants' turns only. Null means yes for messages and no for prompt and completion; TRL's default is no
    /// everywhere.
    /// </summary>
    public bool? AssistantOnlyLoss { get; init; }

    /// <summary>How rows share sequences.</summary>
    public Packing Packing { get; init; }
}

/// <summary>Tokens of a row, or of a piece of it, and which of them are learnt.</summary>
/// <param name="Ids">[tokens].</param>
/// <param name="Learnt">[tokens]; the first of a sequence is never predicted, whatever stands here.</param>
public sealed record LearntTokens(int[] Ids, bool[] Learnt)
{
    /// <summary>All tokens are learnt.</summary>
    public static LearntTokens Whole(int[] ids) => new(ids, [.. ids.Select(_ => true)]);

    /// <summary>All tokens behind the prompt are learnt.</summary>
    public static LearntTokens AfterPrompt(int[] ids, int promptTokens) => new(ids, [.. ids.Select((_, i) => i >= promptTokens)]);

    /// <summary>The sequence a model is trained on.</summary>
    public TrainingSequence ToSequence() => new(Ids, [.. Learnt.Select((learnt, i) => learnt && i > 0 ? 1f : 0f)]);
}

namespace Hone.Models.Tokenizers;

/// <summary>Which end of a sequence is cut or filled.</summary>
public enum Side
{
    Right,
    Left,
}

/// <summary>What of a pair is shortened.</summary>
public enum TruncationStrategy
{
    /// <summary>The longer one first, until both are equally long, then both.</summary>
    LongestFirst,
    OnlyFirst,
    OnlySecond,
}

/// <summary>How long an encoding may be, special tokens included.</summary>
/// <param name="MaxLength">Greatest number of tokens.</param>
/// <param name="Stride">How many tokens a piece of the overflow shares with the one before; less than the room for text.</param>
public sealed record Truncation(int MaxLength, int Stride = 0, TruncationStrategy Strategy = TruncationStrategy.LongestFirst, Side Direction = Side.Right);

/// <summary>How short an encoding may be.</summary>
/// <param name="Length">Tokens to fill up to; null for the longest of the batch.</param>
/// <param name="PadToMultipleOf">Rounds that length up; 0 or 1 for not.</param>
public sealed record Padding(int? Length, int PadId, string PadToken, int PadTypeId = 0, Side Direction = Side.Right, int PadToMultipleOf = 0);

/// <summary>How text is encoded. What a tokenizer.json says about length is used only when passed here.</summary>
public sealed record EncodeOptions
{
    /// <summary>Runs the post-processor, which adds tokens such as [CLS] or a beginning of sequence. Default true.</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>Special tokens that occur in the text are encoded as ordinary text. Default false.</summary>
    public bool SpecialTokensAsText { get; init; }

    /// <summary>Cuts long encodings; null for not.</summary>
    public Truncation? Truncation { get; init; }

    /// <summary>Fills short encodings; null for not.</summary>
    public Padding? Padding { get; init; }
}

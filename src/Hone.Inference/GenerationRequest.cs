using Hone.Inference.Sampling;

namespace Hone.Inference;

/// <summary>One prompt and how to continue it.</summary>
public sealed record GenerationRequest
{
    /// <summary>Token ids, at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>Number of continuations; they share the work on the prompt.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>How tokens are chosen.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Most tokens to generate.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>Tokens that end a continuation; null takes the model's own. Empty for none.</summary>
    public IReadOnlyCollection<int>? StopIds { get; init; }

    /// <summary>Texts that end a continuation and are left out of its text. Needs a tokenizer.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Seed of the random draws: sample i of a request depends on (seed, i) alone, whatever else runs beside it.</summary>
    public long Seed { get; init; }

    /// <summary>Whether to report log-probabilities.</summary>
    public bool LogProbs { get; init; }

    /// <summary>Number of likeliest tokens to report at each place, with <see cref="LogProbs"/>.</summary>
    public int TopLogProbs { get; init; }

    /// <summary>Name of one of the engine's adapters; null for the base model.</summary>
    public string? Adapter { get; init; }

    /// <summary>Special tokens that are written into the text all the same, such as the mark before tool calls.</summary>
    public IReadOnlyCollection<int> ShownTokens { get; init; } = [];

    /// <summary>Limits what may be generated; each sample follows a copy of its own.</summary>
    public ITokenConstraint? Constraint { get; init; }
}

/// <summary>Why a continuation ended.</summary>
public enum FinishReason
{
    /// <summary>An end token, which is the last of the ids.</summary>
    EndToken,

    /// <summary>A stop string.</summary>
    StopString,

    /// <summary>The most tokens asked for, or the model's longest context.</summary>
    Length,
}

/// <summary>One continuation.</summary>
public sealed record GenerationResult
{
    /// <summary>Index of the request in the call.</summary>
    public required int Request { get; init; }

    /// <summary>Index of the sample in its request.</summary>
    public required int Sample { get; init; }

    /// <summary>Generated ids, an end token included.</summary>
    public required int[] Ids { get; init; }

    /// <summary>Their text without special tokens, up to a stop string; empty without a tokenizer.</summary>
    public required string Text { get; init; }

    /// <summary>
    /// Natural logarithm of each generated token's probability in the model's own distribution: before temperature, penalties and
    /// truncation. Null unless asked for.
    /// </summary>
    public float[]? LogProbs => logProbs ??= Scores is null ? null : [.. Scores.Select(s => s.LogProb)];

    /// <summary>The same with the likeliest tokens at each place. Null unless asked for.</summary>
    public IReadOnlyList<TokenScore>? Scores { get; init; }

    public required FinishReason Finish { get; init; }

    private float[]? logProbs;
}

/// <summary>One generated token, as it comes.</summary>
/// <param name="Request">Index of the request in the call.</param>
/// <param name="Sample">Index of the sample in its request.</param>
/// <param name="Token">Id.</param>
/// <param name="Text">Text that became certain with it; may be empty.</param>
/// <param name="Finish">Why it was the last one, or null.</param>
public readonly record struct TokenEvent(int Request, int Sample, int Token, string Text, FinishReason? Finish)
{
    /// <summary>Its log-probability, where asked for.</summary>
    public TokenScore? Score { get; init; }
}

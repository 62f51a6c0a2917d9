using Hone.Inference.Sampling;

namespace Hone.Inference;

/// <summary>When a beam search with enough finished texts ends.</summary>
public enum EarlyStopping
{
    /// <summary>When the best running beam, at its present length, cannot beat the worst finished text any more.</summary>
    WhenHopeless,

    /// <summary>As soon as enough texts are finished.</summary>
    AsSoonAsEnough,

    /// <summary>Only when no running beam could win even at the greatest length.</summary>
    Never,
}

/// <summary>Settings of a beam search, with transformers' meanings.</summary>
public sealed record BeamOptions
{
    /// <summary>Number of texts followed at a time.</summary>
    public int Beams { get; init; } = 4;

    /// <summary>Number of texts returned, at most <see cref="Beams"/>.</summary>
    public int Returned { get; init; } = 1;

    /// <summary>Most tokens to generate.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>Scores are divided by length to this power: 0 favours short texts, above 1 long ones.</summary>
    public double LengthPenalty { get; init; } = 1;

    public EarlyStopping EarlyStopping { get; init; } = EarlyStopping.WhenHopeless;

    /// <summary>Tokens that end a text; null takes the model's own.</summary>
    public IReadOnlyCollection<int>? StopIds { get; init; }

    /// <summary>Penalties and rules; they act on log-probabilities here, so a repetition penalty always multiplies. Temperature and truncation are not used.</summary>
    public SamplingOptions Rules { get; init; } = SamplingOptions.Greedy;
}

/// <summary>One text found by beam search.</summary>
/// <param name="Ids">Generated ids, an end token included.</param>
/// <param name="Score">Sum of log-probabilities / length^penalty.</param>
public sealed record BeamResult(int[] Ids, double Score);

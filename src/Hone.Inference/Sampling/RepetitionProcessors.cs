namespace Hone.Inference.Sampling;

/// <summary>
/// Divides positive and multiplies negative logits of tokens that occurred, prompt included, once per distinct token
/// (Keskar et al. 2019, arXiv:1909.05858).
/// </summary>
/// <param name="penalty">Above 1 discourages, below 1 encourages.</param>
/// <param name="ignored">Number of first tokens that do not count.</param>
public sealed class RepetitionPenalty(double penalty, int ignored = 0) : ILogitsProcessor
{
    private readonly double penalty = penalty > 0 ? penalty : throw SamplingErrors.Wrong("repetition penalty", penalty, "a positive number");
    private readonly int ignored = SamplingErrors.AtLeast("ignored prompt tokens", ignored, 0);

    public void Apply(Span<float> logits, TokenHistory history)
    {
        HashSet<int> seen = [.. history.Tokens[Math.Min(ignored, history.Tokens.Length)..]];
        foreach (int token in seen)
            if ((uint)token < (uint)logits.Length) logits[token] = (float)(logits[token] < 0 ? logits[token] * penalty : logits[token] / penalty);
    }
}

/// <summary>Subtracts from the logits of generated tokens, once (presence) and per occurrence (frequency), as OpenAI defines them.</summary>
/// <param name="presence">Once for a token that occurred.</param>
/// <param name="frequency">For each time it occurred.</param>
public sealed class PresenceFrequencyPenalty(double presence, double frequency) : ILogitsProcessor
{
    public void Apply(Span<float> logits, TokenHistory history) => Counts.Subtract(logits, Counts.Of(history.Generated), presence, frequency);
}

/// <summary>The three penalties of llama.cpp over the last tokens, whatever they are: repetition first, then the other two.</summary>
/// <param name="last">How many of the last tokens count; 0 turns all penalties off.</param>
public sealed class WindowPenalties(int last, double repetition, double presence, double frequency) : ILogitsProcessor
{
    private readonly int last = SamplingErrors.AtLeast("penalised last tokens", last, 0);
    private readonly double repetition = repetition > 0 ? repetition : throw SamplingErrors.Wrong("repetition penalty", repetition, "a positive number");

    public void Apply(Span<float> logits, TokenHistory history)
    {
        Dictionary<int, int> counts = Counts.Of(history.Tokens[Math.Max(0, history.Tokens.Length - last)..]);
        foreach (int token in counts.Keys)
            if ((uint)token < (uint)logits.Length) logits[token] = (float)(logits[token] <= 0 ? logits[token] * repetition : logits[token] / repetition);
        Counts.Subtract(logits, counts, presence, frequency);
    }
}

/// <summary>Forbids tokens that would complete an n-gram that occurred before.</summary>
public sealed class NoRepeatNgram(int n) : ILogitsProcessor
{
    private readonly int n = SamplingErrors.AtLeast("no-repeat n-gram size", n, 1);

    public void Apply(Span<float> logits, TokenHistory history)
    {
        ReadOnlySpan<int> tokens = history.Tokens;
        if (tokens.Length + 1 < n) return;
        ReadOnlySpan<int> end = tokens[(tokens.Length - (n - 1))..];
        for (int i = 0; i + n <= tokens.Length; i++)
            if (tokens.Slice(i, n - 1).SequenceEqual(end)) logits[tokens[i + n - 1]] = float.NegativeInfinity;
    }
}

internal static class Counts
{
    public static Dictionary<int, int> Of(ReadOnlySpan<int> tokens)
    {
        Dictionary<int, int> counts = [];
        foreach (int token in tokens) counts[token] = counts.GetValueOrDefault(token) + 1;
        return counts;
    }

    public static void Subtract(Span<float> logits, Dictionary<int, int> counts, double presence, double frequency)
    {
        foreach ((int token, int count) in counts)
            if ((uint)token < (uint)logits.Length) logits[token] = (float)(logits[token] - count * frequency - presence);
    }
}

using Hone.Core;

namespace Hone.Inference.Sampling;

/// <summary>
/// Adds a bias to the last token of a sequence where its earlier tokens are the end of the history; a sequence of one token
/// always acts. Biases of several sequences add up. A sequence longer than the history never acts.
/// </summary>
public sealed class SequenceBias : ILogitsProcessor
{
    private readonly IReadOnlyList<(int[] Sequence, float Bias)> entries;

    public SequenceBias(IReadOnlyList<(int[] Sequence, float Bias)> entries)
    {
        this.entries = entries;
        foreach ((int[] sequence, float bias) in entries)
            if (sequence.Length == 0 || float.IsNaN(bias) || sequence.Any(id => id < 0))
                throw new HoneException($"logit bias: [{string.Join(", ", sequence)}] → {bias}; expected at least one token id, none negative, and a number.");
    }

    public void Apply(Span<float> logits, TokenHistory history)
    {
        foreach ((int[] sequence, float bias) in entries)
        {
            int token = sequence[^1], before = sequence.Length - 1;
            if (token >= logits.Length) throw new HoneException($"logit bias: token {token} is outside the vocabulary of {logits.Length}.");
            if (before > 0 && (sequence.Length > history.Tokens.Length || !history.Tokens[^before..].SequenceEqual(sequence.AsSpan(0, before)))) continue;
            logits[token] += bias;
        }
    }

    /// <summary>Forbids sequences; one that is exactly an end token is ignored.</summary>
    public static SequenceBias BadWords(IEnumerable<int[]> words, IReadOnlyCollection<int> endIds) =>
        new([.. words.Where(word => !(word.Length == 1 && endIds.Contains(word[0]))).Select(word => (word, float.NegativeInfinity))]);
}

/// <summary>Forbids the end while the text is too short.</summary>
/// <param name="minLength">Tokens wanted.</param>
/// <param name="countPrompt">Whether the prompt counts.</param>
/// <param name="endIds">Tokens that end a text.</param>
public sealed class MinLength(int minLength, bool countPrompt, IReadOnlyCollection<int> endIds) : ILogitsProcessor
{
    private readonly int minLength = SamplingErrors.AtLeast("minimum length", minLength, 0);

    public void Apply(Span<float> logits, TokenHistory history)
    {
        int length = countPrompt ? history.Tokens.Length : history.Generated.Length;
        if (length < minLength) Suppress.Forbid(logits, endIds);
    }
}

/// <summary>Raises the end's logit by |logit| · (factor^n - 1), n tokens after the start.</summary>
/// <param name="start">Generated tokens after which it begins.</param>
/// <param name="factor">Growth per token.</param>
/// <param name="endIds">Tokens that end a text.</param>
public sealed class LengthDecay(int start, double factor, IReadOnlyCollection<int> endIds) : ILogitsProcessor
{
    public void Apply(Span<float> logits, TokenHistory history)
    {
        int beyond = history.Generated.Length - start;
        if (beyond <= 0) return;
        foreach (int id in endIds)
            if ((uint)id < (uint)logits.Length) logits[id] = (float)(logits[id] + Math.Abs(logits[id]) * (Math.Pow(factor, beyond) - 1));
    }
}

/// <summary>Forbids tokens, always or only as the first one.</summary>
/// <param name="ids">Forbidden tokens.</param>
/// <param name="onlyAt">History length at which it acts; null for always.</param>
public sealed class Suppress(IReadOnlyCollection<int> ids, int? onlyAt = null) : ILogitsProcessor
{
    public void Apply(Span<float> logits, TokenHistory history)
    {
        if (onlyAt is null || history.Tokens.Length == onlyAt) Forbid(logits, ids);
    }

    internal static void Forbid(Span<float> logits, IReadOnlyCollection<int> ids)
    {
        foreach (int id in ids)
            if ((uint)id < (uint)logits.Length) logits[id] = float.NegativeInfinity;
    }
}

/// <summary>Turns logits into log-probabilities.</summary>
public sealed class Renormalise : ILogitsProcessor
{
    public void Apply(Span<float> logits, TokenHistory history)
    {
        double sum = Probabilities.LogSumExp(logits);
        foreach (ref float logit in logits) logit = (float)(logit - sum);
    }
}

/// <summary>Replaces not-a-number by 0 and infinities by the largest finite numbers.</summary>
public sealed class RemoveInvalid : ILogitsProcessor
{
    public void Apply(Span<float> logits, TokenHistory history)
    {
        foreach (ref float logit in logits) logit = float.IsNaN(logit) ? 0 : Math.Clamp(logit, float.MinValue, float.MaxValue);
    }
}

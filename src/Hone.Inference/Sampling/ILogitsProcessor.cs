namespace Hone.Inference.Sampling;

/// <summary>The tokens before the one that is being chosen.</summary>
/// <param name="tokens">Prompt and generated tokens.</param>
/// <param name="promptLength">How many of them are prompt.</param>
public readonly ref struct TokenHistory(ReadOnlySpan<int> tokens, int promptLength)
{
    /// <summary>Prompt and generated tokens.</summary>
    public ReadOnlySpan<int> Tokens { get; } = tokens;

    /// <summary>How many of them are prompt.</summary>
    public int PromptLength { get; } = promptLength;

    /// <summary>The tokens generated so far.</summary>
    public ReadOnlySpan<int> Generated => Tokens[PromptLength..];
}

/// <summary>
/// Changes logits before a token is chosen; negative infinity forbids a token. Processors keep no state between calls, so one
/// serves many sequences and threads.
/// </summary>
public interface ILogitsProcessor
{
    /// <summary>Changes the logits in place.</summary>
    /// <param name="logits">[V].</param>
    /// <param name="history">The tokens before.</param>
    void Apply(Span<float> logits, TokenHistory history);
}

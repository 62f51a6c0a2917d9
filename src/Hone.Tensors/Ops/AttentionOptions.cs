namespace Hone.Tensors.Ops;

/// <summary>Settings of an attention layer.</summary>
public sealed record AttentionOptions
{
    /// <summary>Query heads, H.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads, K; query head h reads head h / (H / K). Ainslie et al. 2023, arXiv:2305.13245.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Factor on the scores, usually D^-1/2.</summary>
    public required float Scale { get; init; }

    /// <summary>Whether a token sees only itself and what lies before it.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>
    /// Sliding window w, 0 for none: a token at position i sees positions i - w &lt; j (itself counted), and without
    /// <see cref="Causal"/> also j &lt; i + w.
    /// </summary>
    public int Window { get; init; }

    /// <summary>Scores s become cap · tanh(s / cap), 0 for none. Gemma 2, arXiv:2408.00118, section 2.</summary>
    public float Softcap { get; init; }
}

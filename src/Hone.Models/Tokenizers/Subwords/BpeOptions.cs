namespace Hone.Models.Tokenizers.Subwords;

/// <summary>Settings of a byte pair encoding, under the names of tokenizer.json.</summary>
internal sealed record BpeOptions
{
    /// <summary>Token for characters the vocabulary lacks; without one they vanish.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Put before every symbol but the first of a piece; empty for none.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Put after the last symbol of a piece; empty for none.</summary>
    public string Suffix { get; init; } = "";

    /// <summary>Runs of unknown characters become one token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Unknown characters become tokens of their bytes, &lt;0x00&gt; to &lt;0xFF&gt;.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>A piece that is a token is taken whole, without looking at merges.</summary>
    public bool IgnoreMerges { get; init; }
}

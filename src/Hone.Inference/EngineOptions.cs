using Hone.Inference.Adapters;
using Hone.Inference.Caches;
using Hone.Models.Decoder;
using Hone.Tensors.Threads;

namespace Hone.Inference;

/// <summary>How an <see cref="Engine"/> works; none of it changes what is generated.</summary>
public sealed record EngineOptions
{
    /// <summary>Most continuations that are decoded together: each step reads the weights once for all of them.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Most prompt tokens in one pass.</summary>
    public int PrefillTokens { get; init; } = 512;

    /// <summary>Threads; null for all processors.</summary>
    public WorkerPool? Workers { get; init; }

    /// <summary>
    /// Tokens of finished prompts whose keys and values are kept for later requests that begin alike; the least recently used go
    /// first. 0 keeps them only while something runs. The model must not change meanwhile.
    /// </summary>
    public int PrefixTokens { get; init; }

    /// <summary>
    /// Prompts and running continuations take turns, so that streams go on while long prompts are gone through. Otherwise prompts
    /// come first, which makes fuller batches.
    /// </summary>
    public bool TakeTurns { get; init; }

    /// <summary>Adapters that requests may name; null for none.</summary>
    public AdapterSet? Adapters { get; init; }

    /// <summary>Makes the store of a sequence's keys and values; null for exact fp32 pages.</summary>
    public Func<LanguageModel, IKvCache>? CreateCache { get; init; }

    /// <summary>What those stores take; null counts exact ones.</summary>
    public KvCost? CacheCost { get; init; }
}

namespace Hone.Inference.Caches;

/// <summary>What a policy sees of one sequence and layer.</summary>
public interface IKvView
{
    KvLayer Layer { get; }

    /// <summary>Tokens seen so far, kept or not.</summary>
    int Seen { get; }

    /// <summary>Position of the next token.</summary>
    int NextPosition { get; }

    /// <summary>Slots in use of a head.</summary>
    int Count(int kvHead);

    /// <summary>[Count] position of each slot's token, ascending.</summary>
    ReadOnlySpan<int> Positions(int kvHead);

    /// <summary>[count, D] keys from a slot on, rotated.</summary>
    void ReadKeys(int kvHead, int first, Span<float> target);

    /// <summary>[count, D] values from a slot on.</summary>
    void ReadValues(int kvHead, int first, Span<float> target);
}

/// <summary>
/// Which tokens are kept. A policy is one file: a class marked with a <c>[Component]</c> that scores slots, with the allocation it
/// is usually combined with.
/// </summary>
public interface IKvPolicy
{
    /// <summary>The state of one sequence and layer.</summary>
    ILayerScorer Scorer(KvLayer layer);

    /// <summary>How a budget is divided over layers and heads, unless another way is asked for.</summary>
    IKvAllocator Allocator => UniformAllocator.Instance;

    /// <summary>Whether a budget is given; otherwise the policy and its allocation decide how much is kept.</summary>
    bool HasBudget => true;

    /// <summary>Whether scores change as text is generated, so that it makes sense to drop tokens again while decoding.</summary>
    bool WorksWhileDecoding => true;
}

/// <summary>Scores the slots of one sequence and layer.</summary>
public interface ILayerScorer
{
    /// <summary>Sees the queries of tokens that were just appended.</summary>
    /// <param name="view">The layer, these tokens included.</param>
    /// <param name="queries">[n, H · D], rotated, of the last n tokens seen.</param>
    void Observe(IKvView view, ReadOnlySpan<float> queries) { }

    /// <summary>Scores every slot; the highest are kept.</summary>
    /// <param name="view">The layer.</param>
    /// <param name="target">How many slots will be kept on average.</param>
    /// <param name="scores">[K][Count]; to be filled.</param>
    void Score(IKvView view, KvTarget target, float[][] scores);

    /// <summary>All other slots of a head were dropped: what is remembered for each slot follows.</summary>
    void Keep(int kvHead, ReadOnlySpan<int> slots) { }

    /// <summary>Slots were numbered anew from position 0: queries remembered so far do not fit the keys any more.</summary>
    void Renumbered() { }

    /// <summary>A copy that goes its own way.</summary>
    ILayerScorer Fork() => this;
}

/// <summary>How many slots a head keeps on average.</summary>
/// <param name="Tokens">N, tokens that are chosen from; at least 1.</param>
/// <param name="Exact">N · share, before rounding.</param>
/// <param name="Kept">Rounded down, at least 1 and at most N.</param>
public readonly record struct KvTarget(int Tokens, double Exact, int Kept);

using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>
/// Keys and values of one sequence in one layer. How they are stored is the implementation's own affair: it also computes
/// attention over them, so no forward pass asks which store it has. A pass calls, in this order: <see cref="Append"/>,
/// <see cref="BeginAttention"/>, <see cref="Attend"/> for each head (beside each other), <see cref="EndAttention"/>.
/// </summary>
public interface ILayerCache
{
    /// <summary>Number of tokens seen; 0 means that a pass may compute its attention without asking the cache.</summary>
    int Length { get; }

    /// <summary>Adds tokens at the end.</summary>
    /// <param name="keys">[n, K · D], after rotation.</param>
    /// <param name="values">[n, K · D].</param>
    void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values);

    /// <summary>Whether threads may <see cref="Append"/> to caches of different sequences at the same time.</summary>
    bool AppendsBeside => false;

    /// <summary>Called before the heads attend, by one thread: a store that retrieves decides here what to bring in.</summary>
    /// <param name="options">Heads, scale, window, cap.</param>
    /// <param name="queries">[n, H · D] of the tokens just appended, after rotation.</param>
    void BeginAttention(AttentionOptions options, ReadOnlySpan<float> queries) { }

    /// <summary>
    /// Attention of the last n tokens, whose keys were appended, for the query heads that share one key-value head. Calls for
    /// different heads may run at the same time.
    /// </summary>
    /// <param name="options">Heads, scale, window, cap; causal.</param>
    /// <param name="kvHead">0 to K - 1.</param>
    /// <param name="queries">[n, H · D].</param>
    /// <param name="output">[n, H · D]; only the columns of this head's group are written.</param>
    void Attend(AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output);

    /// <summary>Whether the query heads of one key-value head may be shared out between threads; see <see cref="AttendSome"/>.</summary>
    bool SplitsGroups => false;

    /// <summary><see cref="Attend"/> for some of the query heads of a key-value head.</summary>
    /// <param name="options">Heads, scale, window, cap; causal.</param>
    /// <param name="kvHead">0 to K - 1.</param>
    /// <param name="first">First head in the group.</param>
    /// <param name="heads">How many.</param>
    /// <param name="queries">[n, H · D].</param>
    /// <param name="output">[n, H · D]; only the columns of these heads are written.</param>
    void AttendSome(AttentionOptions options, int kvHead, int first, int heads, ReadOnlySpan<float> queries, Span<float> output) =>
        throw new NotSupportedException("this store attends for whole groups of heads");

    /// <summary>Called after the heads attended, by one thread, also where the pass did without <see cref="Attend"/>.</summary>
    /// <param name="options">Heads, scale, window, cap.</param>
    /// <param name="queries">[n, H · D] of the tokens just appended, after rotation.</param>
    void EndAttention(AttentionOptions options, ReadOnlySpan<float> queries) { }
}

/// <summary>Keys and values of one sequence.</summary>
public interface IKvCache : IDisposable
{
    /// <summary>Tokens seen so far.</summary>
    int Length { get; }

    /// <summary>
    /// Position of the next token. The number of tokens seen, whatever was dropped since, because keys keep their rotation; less
    /// only in a cache that rotates its keys anew.
    /// </summary>
    int NextPosition => Length;

    ILayerCache this[int layer] { get; }

    /// <summary>What it takes now and took at most.</summary>
    KvMemory Memory { get; }

    /// <summary>Forgets the tokens from <paramref name="length"/> on.</summary>
    /// <exception cref="InvalidOperationException">The cache cannot go back there, because it dropped or rounded tokens since.</exception>
    void Truncate(int length);

    /// <summary>A second cache that begins with the same tokens; memory is shared as far as the store can.</summary>
    IKvCache Fork();

    /// <summary>Called after every pass of the model, when all layers have seen its tokens.</summary>
    void EndPass() { }

    /// <summary>Called once, when the whole prompt was gone through and before anything is generated: the time to compress.</summary>
    void EndPrompt() { }
}

/// <summary>Memory of a cache.</summary>
/// <param name="Bytes">Bytes of the numbers held: keys, values, scales, zero points.</param>
/// <param name="AllocatedBytes">Bytes of the buffers they lie in, and of the bookkeeping.</param>
/// <param name="PeakBytes">Most of <paramref name="Bytes"/> at the end of any pass.</param>
public readonly record struct KvMemory(long Bytes, long AllocatedBytes, long PeakBytes);

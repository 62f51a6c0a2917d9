using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>
/// Keys and values of one sequence in one layer. How they are stored is the implementation's own affair: it also computes
/// attention over them, so no forward pass asks which store it has.
/// </summary>
public interface ILayerCache
{
    /// <summary>Number of tokens stored.</summary>
    int Length { get; }

    /// <summary>Adds tokens at the end.</summary>
    /// <param name="keys">[n, K · D], after rotation.</param>
    /// <param name="values">[n, K · D].</param>
    void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values);

    /// <summary>
    /// Attention of the last n tokens, whose keys were appended, for the query heads that share one key-value head. Calls for
    /// different heads may run at the same time.
    /// </summary>
    /// <param name="options">Heads, scale, window, cap; causal.</param>
    /// <param name="kvHead">0 to K - 1.</param>
    /// <param name="queries">[n, H · D].</param>
    /// <param name="output">[n, H · D]; only the columns of this head's group are written.</param>
    void Attend(AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output);
}

/// <summary>Keys and values of one sequence.</summary>
public interface IKvCache : IDisposable
{
    /// <summary>Tokens seen so far, which is the next token's position.</summary>
    int Length { get; }

    ILayerCache this[int layer] { get; }

    /// <summary>Forgets the tokens from <paramref name="length"/> on.</summary>
    void Truncate(int length);

    /// <summary>A second cache that begins with the same tokens; memory is shared as far as the store can.</summary>
    IKvCache Fork();
}

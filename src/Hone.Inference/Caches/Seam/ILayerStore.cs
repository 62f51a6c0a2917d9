using Hone.Tensors.Ops;

namespace Hone.Inference.Caches;

/// <summary>
/// At what precision and in which representation the keys and values of one sequence and layer are held; which of them, a policy
/// decides. Slots are counted for each key head on its own, because a policy may keep more of one head than of another.
/// </summary>
public interface ILayerStore : IDisposable
{
    KvLayer Layer { get; }

    /// <summary>Numbers in a key: D, or elite channels and latents together.</summary>
    int KeySize { get; }

    /// <summary>Numbers in a value.</summary>
    int ValueSize { get; }

    /// <summary>Slots in use of a head.</summary>
    int Count(int kvHead);

    /// <summary>Adds n tokens to every head.</summary>
    /// <param name="keys">[n, K · KeySize], rotated by their positions.</param>
    /// <param name="values">[n, K · ValueSize].</param>
    void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values);

    /// <summary>Keys as attention sees them.</summary>
    /// <param name="kvHead">Head.</param>
    /// <param name="first">First slot.</param>
    /// <param name="target">[count, KeySize]; its length says how many.</param>
    void ReadKeys(int kvHead, int first, Span<float> target);

    /// <summary>Values as attention sees them; see <see cref="ReadKeys"/>.</summary>
    void ReadValues(int kvHead, int first, Span<float> target);

    /// <summary>Called before the heads attend, by one thread.</summary>
    /// <param name="queries">[n, H · KeySize] of the tokens just appended.</param>
    void BeginAttention(ReadOnlySpan<float> queries) { }

    /// <summary>
    /// Attention of the last n tokens, which fill the last n slots: each sees the slots up to its own. Heads run beside each other.
    /// </summary>
    /// <param name="options">Scale, cap; the window is already in <paramref name="firsts"/>.</param>
    /// <param name="kvHead">Head.</param>
    /// <param name="queries">[n, H · D].</param>
    /// <param name="output">[n, H · D]; only this head's group is written.</param>
    /// <param name="firsts">[n] first slot that each token sees; empty when all see all.</param>
    void Attend(AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output, ReadOnlySpan<int> firsts);

    /// <summary>Called after the heads attended, by one thread, also where the pass did without <see cref="Attend"/>.</summary>
    /// <param name="queries">[n, H · D] of the tokens just appended.</param>
    void EndAttention(ReadOnlySpan<float> queries) { }

    /// <summary>Drops all other slots of a head.</summary>
    /// <param name="kvHead">Head.</param>
    /// <param name="slots">Ascending.</param>
    void Keep(int kvHead, ReadOnlySpan<int> slots);

    /// <summary>Replaces keys, for policies that rotate anew. Called for exact stores, or before <see cref="Seal"/>.</summary>
    /// <param name="kvHead">Head.</param>
    /// <param name="keys">[Count, KeySize].</param>
    void WriteKeys(int kvHead, ReadOnlySpan<float> keys);

    /// <summary>Replaces values; see <see cref="WriteKeys"/>.</summary>
    void WriteValues(int kvHead, ReadOnlySpan<float> values);

    /// <summary>The prompt is complete and pruned: what was held exactly until now is rounded. Called once.</summary>
    void Seal() { }

    /// <summary>Bytes of keys, values, scales and zero points held.</summary>
    long Bytes { get; }

    /// <summary>Bytes of the buffers they lie in.</summary>
    long AllocatedBytes { get; }

    /// <summary>A copy that goes its own way; parts that do not change any more are shared.</summary>
    ILayerStore Fork();
}

/// <summary>A precision and representation by name: makes the store of one layer. Mark the class with a <c>[Component]</c>.</summary>
public interface IKvFormat
{
    /// <summary>An empty store.</summary>
    /// <exception cref="HoneException">The layer's sizes do not fit.</exception>
    ILayerStore Create(KvLayer layer);

    /// <summary>Whether <see cref="ILayerStore.Keep"/>, and so any policy, may be used.</summary>
    bool CanDrop => true;

    /// <summary>Whether slots can be dropped after <see cref="ILayerStore.Seal"/>, as policies that act while decoding do.</summary>
    bool CanDropLater => true;

    /// <summary>Whether heads may keep different numbers of slots.</summary>
    bool CanBeRagged => true;

    /// <summary>Whether numbers are rounded, so that keys cannot be rotated again without adding to the error.</summary>
    bool IsRounded => false;

    /// <summary>Bits of a number where the format leaves no choice; null where <see cref="KvOptions.Bits"/> says so.</summary>
    int? OwnBits => null;
}

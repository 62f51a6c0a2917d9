using Hone.Models.Decoder;
using Hone.Tensors.Ops;

namespace Hone.Inference.Caches;

/// <summary>One layer of a <see cref="PolicyKvCache"/>: a store, the positions of its slots, and who scores them.</summary>
internal sealed class PolicyLayerCache : ILayerCache, IKvView, IDisposable
{
    private readonly ILayerStore store;
    private readonly ILayerScorer scorer;
    private readonly SlotPositions positions;

    public PolicyLayerCache(ILayerStore store, ILayerScorer scorer) : this(store, scorer, new SlotPositions(store.Layer.KvHeads)) { }

    private PolicyLayerCache(ILayerStore store, ILayerScorer scorer, SlotPositions positions) =>
        (this.store, this.scorer, this.positions) = (store, scorer, positions);

    public KvLayer Layer => store.Layer;

    public ILayerStore Store => store;

    public int Seen { get; private set; }

    /// <summary>Position of the next token.</summary>
    public int NextPosition { get; private set; }

    public long AllocatedBytes => store.AllocatedBytes + positions.Bytes;

    int ILayerCache.Length => Seen;

    public int Count(int kvHead) => store.Count(kvHead);

    public ReadOnlySpan<int> Positions(int kvHead) => positions[kvHead];

    public void ReadKeys(int kvHead, int first, Span<float> target) => store.ReadKeys(kvHead, first, target);

    public void ReadValues(int kvHead, int first, Span<float> target) => store.ReadValues(kvHead, first, target);

    public void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        int tokens = keys.Length / (Layer.KvHeads * store.KeySize);
        store.Append(keys, values);
        positions.Append(NextPosition, tokens);
        Seen += tokens;
        NextPosition += tokens;
    }

    public void BeginAttention(AttentionOptions options, ReadOnlySpan<float> queries) => store.BeginAttention(queries);

    public void Attend(AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output)
    {
        if (options.Window == 0)
        {
            store.Attend(options, kvHead, queries, output, []);
            return;
        }
        int count = queries.Length / (options.Heads * Layer.HeadSize);
        ReadOnlySpan<int> at = positions[kvHead];
        int[] firsts = new int[count];
        for (int i = 0; i < count; i++)
        {
            int oldest = at[at.Length - count + i] - options.Window + 1, found = at.BinarySearch(oldest);
            firsts[i] = found < 0 ? ~found : found;
        }
        store.Attend(options, kvHead, queries, output, firsts);
    }

    bool ILayerCache.SplitsGroups => store is RowsStore;

    void ILayerCache.AttendSome(AttentionOptions options, int kvHead, int first, int heads, ReadOnlySpan<float> queries, Span<float> output)
    {
        if (options.Window == 0) ((RowsStore)store).AttendSome(options, kvHead, (first, heads), queries, output);
        else if (first == 0) Attend(options, kvHead, queries, output); // a window is looked up for whole groups
    }

    public void EndAttention(AttentionOptions options, ReadOnlySpan<float> queries)
    {
        store.EndAttention(queries);
        scorer.Observe(this, queries);
    }

    /// <summary>[K][slots].</summary>
    public float[][] Score(KvTarget target)
    {
        float[][] scores = [.. Enumerable.Range(0, Layer.KvHeads).Select(head => new float[Count(head)])];
        scorer.Score(this, target, scores);
        return scores;
    }

    /// <summary>Keeps some slots of every head.</summary>
    public void Keep(int[][] slots)
    {
        for (int head = 0; head < slots.Length; head++)
        {
            if (slots[head].Length == Count(head)) continue;
            store.Keep(head, slots[head]);
            scorer.Keep(head, slots[head]);
        }
        positions.Keep(slots);
    }

    /// <summary>Rotates keys so that the slots' tokens are at positions 0, 1, 2 … Heads hold equally many.</summary>
    public void Rerotate()
    {
        int size = store.KeySize;
        for (int head = 0; head < Layer.KvHeads; head++)
        {
            int[] turns = new int[Count(head)];
            for (int i = 0; i < turns.Length; i++) turns[i] = i - positions[head][i];
            float[] keys = new float[turns.Length * size];
            store.ReadKeys(head, 0, keys);
            Layer.Rotate(keys, turns);
            store.WriteKeys(head, keys);
        }
        positions.Renumber();
        NextPosition = Count(0);
        scorer.Renumbered();
    }

    /// <summary>The store was brought back by other means: it has seen so many tokens at positions without gaps.</summary>
    public void Resume(int seen)
    {
        positions.Append(0, seen);
        (Seen, NextPosition) = (seen, seen);
    }

    public PolicyLayerCache Fork() => new(store.Fork(), scorer.Fork(), positions.Fork()) { Seen = Seen, NextPosition = NextPosition };

    public void Dispose() => store.Dispose();
}

using Hone.Tensors.Kernels.Attention;
using Hone.Tensors.Kernels.Cache;
using Hone.Tensors.Ops;

namespace Hone.Inference.Caches;

/// <summary>Keys and values of full heads, the rows of each head on their own, so that heads may hold different numbers.</summary>
internal class RowsStore : ILayerStore
{
    private readonly KvRows[] keys, values;

    /// <param name="layer">The layer.</param>
    /// <param name="keyRows">Makes the rows of a head's keys, given D.</param>
    /// <param name="valueRows">Makes the rows of a head's values, given D.</param>
    public RowsStore(KvLayer layer, Func<int, KvRows> keyRows, Func<int, KvRows> valueRows)
    {
        Layer = layer;
        keys = [.. Enumerable.Range(0, layer.KvHeads).Select(_ => keyRows(layer.HeadSize))];
        values = [.. Enumerable.Range(0, layer.KvHeads).Select(_ => valueRows(layer.HeadSize))];
    }

    protected RowsStore(RowsStore origin)
    {
        Layer = origin.Layer;
        keys = [.. origin.keys.Select(rows => rows.Fork())];
        values = [.. origin.values.Select(rows => rows.Fork())];
    }

    public KvLayer Layer { get; }

    public int KeySize => Layer.HeadSize;

    public int ValueSize => Layer.HeadSize;

    public long Bytes => keys.Concat(values).Sum(rows => rows.Bytes);

    public long AllocatedBytes => keys.Concat(values).Sum(rows => rows.AllocatedBytes);

    /// <summary>Rows of a head, for tests and measurements.</summary>
    public (KvRows Keys, KvRows Values) Rows(int kvHead) => (keys[kvHead], values[kvHead]);

    public int Count(int kvHead) => keys[kvHead].Count;

    public void Append(ReadOnlySpan<float> newKeys, ReadOnlySpan<float> newValues)
    {
        int size = Layer.HeadSize, heads = Layer.KvHeads;
        for (int row = 0; row < newKeys.Length / size; row++)
        {
            keys[row % heads].Add(newKeys.Slice(row * size, size));
            values[row % heads].Add(newValues.Slice(row * size, size));
        }
    }

    public void ReadKeys(int kvHead, int first, Span<float> target) => keys[kvHead].Read(first, target);

    public void ReadValues(int kvHead, int first, Span<float> target) => values[kvHead].Read(first, target);

    public void WriteKeys(int kvHead, ReadOnlySpan<float> rows) => keys[kvHead].Write(rows);

    public void WriteValues(int kvHead, ReadOnlySpan<float> rows) => values[kvHead].Write(rows);

    public void Attend(AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output, ReadOnlySpan<int> firsts) =>
        RowsAttention.Run(keys[kvHead], values[kvHead], options, kvHead, (0, options.Heads / options.KvHeads), queries, output, firsts);

    /// <summary>Attention of one token, which sees all slots, for some of the query heads of a key head.</summary>
    public void AttendSome(AttentionOptions options, int kvHead, (int First, int Count) heads, ReadOnlySpan<float> queries, Span<float> output) =>
        RowsAttention.Run(keys[kvHead], values[kvHead], options, kvHead, heads, queries, output, []);

    public void Keep(int kvHead, ReadOnlySpan<int> slots)
    {
        keys[kvHead].Keep(slots);
        values[kvHead].Keep(slots);
    }

    public virtual void Seal()
    {
        foreach (KvRows rows in keys.Concat(values)) rows.Seal();
    }

    public virtual ILayerStore Fork() => new RowsStore(this);

    public void Dispose()
    {
        foreach (KvRows rows in keys.Concat(values)) rows.Dispose();
    }
}

/// <summary>Attention of one key head over rows of any precision.</summary>
internal static unsafe class RowsAttention
{
    // With more positions than these, blocks of matrix products cost less than going through all keys for each position.
    private const int FewPositions = 4;

    public static void Run(
        KvRows keys, KvRows values, AttentionOptions options, int kvHead, (int First, int Count) heads,
        ReadOnlySpan<float> queries, Span<float> output, ReadOnlySpan<int> firsts)
    {
        int size = keys.Size, group = options.Heads / options.KvHeads, width = options.Heads * size, count = queries.Length / width, slots = keys.Count;
        fixed (float* q = queries)
        fixed (float* y = output)
        {
            int offset = (kvHead * group + heads.First) * size;
            if (count > FewPositions && firsts.IsEmpty)
            {
                Many(keys, values, options, slots - count, count, q + offset, y + offset);
                return;
            }
            for (int i = 0; i < count; i++)
                One(keys, values, options, heads.Count, firsts.IsEmpty ? 0 : firsts[i], slots - count + i + 1, q + i * width + offset, y + i * width + offset);
        }
    }

    private static void One(KvRows keys, KvRows values, AttentionOptions options, int heads, int first, int end, float* queries, float* output)
    {
        int count = end - first;
        float* scores = RowKernels.Scores((long)heads * count);
        keys.Dot(queries, heads, first, count, scores, count);
        for (int h = 0; h < heads; h++) RowKernels.Normalise(new Span<float>(scores + (long)h * count, count), options.Scale, options.Softcap);
        new Span<float>(output, heads * keys.Size).Clear();
        values.Mix(scores, count, heads, first, count, output);
    }

    /// <summary>Rows that are not exact are written out for the whole block of queries.</summary>
    private static void Many(KvRows keys, KvRows values, AttentionOptions options, int start, int count, float* queries, float* output)
    {
        int size = keys.Size, group = options.Heads / options.KvHeads, width = options.Heads * size;
        float[] keyCopy = keys is SingleRows ? [] : new float[keys.Count * size], valueCopy = values is SingleRows ? [] : new float[values.Count * size];
        if (keyCopy.Length > 0) keys.Read(0, keyCopy);
        if (valueCopy.Length > 0) values.Read(0, valueCopy);
        fixed (float* k = keyCopy)
        fixed (float* v = valueCopy)
        {
            nint keyPage = (nint)(keys is SingleRows exactKeys ? exactKeys.Pointer : k), valuePage = (nint)(values is SingleRows exactValues ? exactValues.Pointer : v);
            PagedKeys stored = new(new ReadOnlySpan<nint>(in keyPage), new ReadOnlySpan<nint>(in valuePage), keys.Count, size);
            PagedPrefill.Run(stored, start, count, queries, width, group, options.Scale, options.Softcap, 0, output, width);
        }
    }
}

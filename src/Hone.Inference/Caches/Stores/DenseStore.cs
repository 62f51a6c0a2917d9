using Hone.Core.Recipes;
using Hone.Tensors.Kernels.Attention;
using Hone.Tensors.Ops;

namespace Hone.Inference.Caches;

/// <summary>Exact fp32 keys and values.</summary>
[Component("fp32")]
public sealed class DenseFormat : IKvFormat
{
    public ILayerStore Create(KvLayer layer) => new DenseStore(layer);
}

/// <summary>Exact fp32 keys and values, the rows of each head on their own, so that heads may hold different numbers.</summary>
internal sealed class DenseStore : ILayerStore
{
    private readonly HeadRows[] keys, values;

    public DenseStore(KvLayer layer)
    {
        Layer = layer;
        keys = [.. Enumerable.Range(0, layer.KvHeads).Select(_ => new HeadRows(layer.HeadSize))];
        values = [.. Enumerable.Range(0, layer.KvHeads).Select(_ => new HeadRows(layer.HeadSize))];
    }

    private DenseStore(DenseStore origin)
    {
        Layer = origin.Layer;
        keys = [.. origin.keys.Select(rows => rows.Fork())];
        values = [.. origin.values.Select(rows => rows.Fork())];
    }

    public KvLayer Layer { get; }

    public int KeySize => Layer.HeadSize;

    public int ValueSize => Layer.HeadSize;

    public long Bytes => keys.Concat(values).Sum(rows => (long)rows.Count * rows.Size * sizeof(float));

    public long AllocatedBytes => keys.Concat(values).Sum(rows => rows.AllocatedBytes);

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

    public void ReadKeys(int kvHead, int first, Span<float> target) => keys[kvHead].Rows(first, target.Length / KeySize).CopyTo(target);

    public void ReadValues(int kvHead, int first, Span<float> target) => values[kvHead].Rows(first, target.Length / ValueSize).CopyTo(target);

    public void WriteKeys(int kvHead, ReadOnlySpan<float> rows) => rows.CopyTo(keys[kvHead].Rows(0, keys[kvHead].Count));

    public void WriteValues(int kvHead, ReadOnlySpan<float> rows) => rows.CopyTo(values[kvHead].Rows(0, values[kvHead].Count));

    public void Attend(AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output, ReadOnlySpan<int> firsts) =>
        DenseAttention.Run(keys[kvHead], values[kvHead], options, kvHead, queries, output, firsts);

    public void Keep(int kvHead, ReadOnlySpan<int> slots)
    {
        keys[kvHead].Keep(slots);
        values[kvHead].Keep(slots);
    }

    public ILayerStore Fork() => new DenseStore(this);

    public void Dispose()
    {
        foreach (HeadRows rows in keys.Concat(values)) rows.Dispose();
    }
}

/// <summary>Attention over rows that lie one after the other: a single page, as the kernels see it.</summary>
internal static class DenseAttention
{
    // With more positions than these, blocks of matrix products cost less than reading all keys for each position.
    private const int FewPositions = 4;

    public static unsafe void Run(
        HeadRows keys, HeadRows values, AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output, ReadOnlySpan<int> firsts)
    {
        int size = keys.Size, group = options.Heads / options.KvHeads, width = options.Heads * size, count = queries.Length / width, slots = keys.Count;
        nint keyPage = (nint)keys.Pointer, valuePage = (nint)values.Pointer;
        PagedKeys stored = new(new ReadOnlySpan<nint>(in keyPage), new ReadOnlySpan<nint>(in valuePage), Math.Max(1, slots), size);
        fixed (float* q = queries)
        fixed (float* y = output)
        {
            if (count > FewPositions && firsts.IsEmpty)
            {
                int offset = kvHead * group * size;
                PagedPrefill.Run(stored, slots - count, count, q + offset, width, group, options.Scale, options.Softcap, 0, y + offset, width);
                return;
            }
            for (int i = 0; i < count; i++)
            {
                int place = i * width + kvHead * group * size;
                PagedAttention.Run(
                    stored, firsts.IsEmpty ? 0 : firsts[i], slots - count + i + 1, q + place, group, options.Scale, options.Softcap, y + place);
            }
        }
    }
}

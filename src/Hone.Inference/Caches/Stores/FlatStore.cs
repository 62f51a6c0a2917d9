using Hone.Core.Recipes;
using Hone.Tensors.Ops;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="FlatFormat"/>.</summary>
public record FlatOptions
{
    /// <summary>Bits for each number: 2, 4 or 8.</summary>
    [Limits(AtLeast = 2, AtMost = 8)]
    public int Bits { get; init; } = 4;

    /// <summary>Numbers that share a scale.</summary>
    [Limits(AtLeast = 2)]
    public int Group { get; init; } = 64;

    /// <summary>Newest tokens that stay exact; when one more would make this many, all are rounded again.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Residual { get; init; } = 128;

    /// <summary>Which key numbers share a scale.</summary>
    public FlatGrouping Keys { get; init; }

    /// <summary>Which value numbers share a scale.</summary>
    public FlatGrouping Values { get; init; }

    /// <summary>Zero points by half-quadratic optimisation (HQQ) instead of the group's range.</summary>
    public bool HalfQuadratic { get; init; }
}

/// <summary>
/// The quantised cache of the transformers library, for comparison: the prompt is rounded whole, and each time the residual is full
/// everything is read back and rounded again, so that errors add up. Attention reads it back too, so it saves memory between steps only.
/// </summary>
[Component("flat")]
public sealed class FlatFormat(FlatOptions options) : IKvFormat
{
    public bool CanDropLater => false;

    public bool CanBeRagged => false;

    public bool IsRounded => true;

    public ILayerStore Create(KvLayer layer) => new FlatStore(layer, options);
}

/// <summary>HQQ with the defaults of the card: groups of 64 along a token for keys, strided for values.</summary>
[Component("hqq")]
public sealed class HqqFormat(HqqOptions options) : IKvFormat
{
    public bool CanDropLater => false;

    public bool CanBeRagged => false;

    public bool IsRounded => true;

    public ILayerStore Create(KvLayer layer) => new FlatStore(layer, options);
}

/// <summary>Options of <see cref="HqqFormat"/>.</summary>
public sealed record HqqOptions : FlatOptions
{
    public HqqOptions() => (HalfQuadratic, Values) = (true, FlatGrouping.Strided);
}

internal sealed class FlatStore : ILayerStore
{
    private readonly FlatOptions options;
    private readonly SingleRows[] exactKeys, exactValues;
    private FlatTensor? keys, values;
    private int rounded;
    private float[]? readKeys, readValues;

    public FlatStore(KvLayer layer, FlatOptions options)
    {
        if (options.Bits is not (2 or 4 or 8)) throw new HoneException($"{options.Bits} bits: expected 2, 4 or 8 in this format.");
        (Layer, this.options) = (layer, options);
        exactKeys = [.. Enumerable.Range(0, layer.KvHeads).Select(_ => new SingleRows(layer.HeadSize))];
        exactValues = [.. Enumerable.Range(0, layer.KvHeads).Select(_ => new SingleRows(layer.HeadSize))];
    }

    private FlatStore(FlatStore origin)
    {
        (Layer, options, keys, values, rounded) = (origin.Layer, origin.options, origin.keys, origin.values, origin.rounded);
        exactKeys = [.. origin.exactKeys.Select(rows => rows.Fork())];
        exactValues = [.. origin.exactValues.Select(rows => rows.Fork())];
    }

    public KvLayer Layer { get; }

    public int KeySize => Layer.HeadSize;

    public int ValueSize => Layer.HeadSize;

    /// <summary>Tokens that are exact.</summary>
    public int Exact => exactKeys[0].Count;

    public long Bytes => (keys?.Bytes ?? 0) + (values?.Bytes ?? 0) + exactKeys.Concat(exactValues).Sum(rows => rows.Bytes);

    public long AllocatedBytes => (keys?.Bytes ?? 0) + (values?.Bytes ?? 0) + exactKeys.Concat(exactValues).Sum(rows => rows.AllocatedBytes);

    public int Count(int kvHead) => rounded + exactKeys[kvHead].Count;

    public void Append(ReadOnlySpan<float> newKeys, ReadOnlySpan<float> newValues)
    {
        Flush();
        int size = Layer.HeadSize, heads = Layer.KvHeads;
        for (int row = 0; row < newKeys.Length / size; row++)
        {
            exactKeys[row % heads].Add(newKeys.Slice(row * size, size));
            exactValues[row % heads].Add(newValues.Slice(row * size, size));
        }
    }

    public void BeginAttention(ReadOnlySpan<float> queries) => (readKeys, readValues) = (keys?.Read(), values?.Read());

    // What a full residual makes due happens after the attention of that step, as in the library.
    public void Flush()
    {
        if (keys is not null && Exact >= options.Residual) RoundAll();
    }

    public void Seal() => RoundAll();

    public void ReadKeys(int kvHead, int first, Span<float> target) => Read(keys, exactKeys[kvHead], kvHead, first, target);

    public void ReadValues(int kvHead, int first, Span<float> target) => Read(values, exactValues[kvHead], kvHead, first, target);

    public void Attend(AttentionOptions attention, int kvHead, ReadOnlySpan<float> queries, Span<float> output, ReadOnlySpan<int> firsts)
    {
        SingleRows allKeys = Joined(readKeys, exactKeys[kvHead], kvHead), allValues = Joined(readValues, exactValues[kvHead], kvHead);
        RowsAttention.Run(allKeys, allValues, attention, kvHead, (0, attention.Heads / attention.KvHeads), queries, output, firsts);
        if (allKeys != exactKeys[kvHead]) allKeys.Dispose();
        if (allValues != exactValues[kvHead]) allValues.Dispose();
    }

    public void Keep(int kvHead, ReadOnlySpan<int> slots)
    {
        if (keys is not null) throw new InvalidOperationException("rounded tokens cannot be dropped");
        exactKeys[kvHead].Keep(slots);
        exactValues[kvHead].Keep(slots);
    }

    public void WriteKeys(int kvHead, ReadOnlySpan<float> rows) => exactKeys[kvHead].Write(rows);

    public void WriteValues(int kvHead, ReadOnlySpan<float> rows) => exactValues[kvHead].Write(rows);

    public ILayerStore Fork() => new FlatStore(this);

    public void Dispose()
    {
        foreach (SingleRows rows in exactKeys.Concat(exactValues)) rows.Dispose();
        (keys, values, rounded) = (null, null, 0);
    }

    private void RoundAll()
    {
        int tokens = Count(0);
        if (tokens == 0) return;
        (keys, values) = (Round(options.Keys, ReadKeys, tokens), Round(options.Values, ReadValues, tokens));
        rounded = tokens;
        foreach (SingleRows rows in exactKeys.Concat(exactValues)) rows.Keep([]);
    }

    private delegate void Reader(int kvHead, int first, Span<float> target);

    private FlatTensor Round(FlatGrouping grouping, Reader read, int tokens)
    {
        int size = Layer.HeadSize;
        float[] all = new float[Layer.KvHeads * tokens * size];
        for (int head = 0; head < Layer.KvHeads; head++) read(head, 0, all.AsSpan(head * tokens * size, tokens * size));
        return new FlatTensor(all, new FlatGroups(grouping, options.Group, size, all.Length), options.Bits, options.HalfQuadratic);
    }

    private void Read(FlatTensor? tensor, SingleRows exact, int kvHead, int first, Span<float> target)
    {
        int size = Layer.HeadSize, count = Math.Clamp(rounded - first, 0, target.Length / size);
        if (count > 0) tensor!.Read().AsSpan((kvHead * rounded + first) * size, count * size).CopyTo(target);
        if (target.Length > count * size) exact.Read(Math.Max(0, first - rounded), target[(count * size)..]);
    }

    private SingleRows Joined(float[]? read, SingleRows exact, int kvHead)
    {
        if (read is null) return exact;
        SingleRows all = new(Layer.HeadSize);
        for (int t = 0; t < rounded; t++) all.Add(read.AsSpan((kvHead * rounded + t) * Layer.HeadSize, Layer.HeadSize));
        for (int t = 0; t < exact.Count; t++) all.Add(exact.Rows(t, 1));
        return all;
    }
}

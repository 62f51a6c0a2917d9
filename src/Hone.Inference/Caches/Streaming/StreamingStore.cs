using Hone.Tensors.Ops;

namespace Hone.Inference.Caches.Streaming;

/// <summary>
/// One layer of a stream: the first tokens, what was brought back, the latest tokens. Tokens that leave the window are cut into spans
/// where attention says so and go to a <see cref="SpanMemory"/>. A token attends to a bounded number of keys, however long the stream.
/// </summary>
public sealed partial class StreamingStore : ILayerStore
{
    private readonly LtriOptions settings;
    private readonly int size, heads, kvHeads;
    private readonly HeadRows[] localKeys, localValues;
    private readonly SinkTokens sinks;
    private readonly SpanMemory memory;
    private readonly AttentionBand band;
    private float[][] passBand = [];
    private Retrieved[] retrieved = [];
    private int[] strongest;
    private int seen, localStart, attendedFrom, passTokens;
    private bool hasAttended;

    internal StreamingStore(KvLayer layer, LtriOptions settings, ISpanStore store)
        : this(layer, settings, Rows(layer), Rows(layer), new SinkTokens(layer, settings), new SpanMemory(layer, settings, store), new AttentionBand(2 * settings.MaxSpan)) { }

    private StreamingStore(KvLayer layer, LtriOptions settings, HeadRows[] keys, HeadRows[] values, SinkTokens sinks, SpanMemory memory, AttentionBand band)
    {
        (Layer, this.settings, localKeys, localValues, this.sinks, this.memory, this.band) = (layer, settings, keys, values, sinks, memory, band);
        (size, heads, kvHeads) = (layer.HeadSize, layer.Attention.Heads, layer.KvHeads);
        strongest = new int[heads];
        localStart = settings.Sinks;
    }

    public KvLayer Layer { get; }

    public int KeySize => size;

    public int ValueSize => size;

    /// <summary>Spans that left the window, oldest first.</summary>
    public IReadOnlyList<TokenSpan> Spans => memory.Spans;

    /// <summary>[H] the token that each head looked at most, from the last position of the last pass.</summary>
    public IReadOnlyList<int> Strongest => strongest;

    /// <summary>Most keys that a query of the last pass attended to.</summary>
    public int Attended { get; private set; }

    /// <summary>Bytes of index vectors.</summary>
    public long IndexBytes => memory.IndexBytes;

    /// <summary>Bytes of keys and values on disk.</summary>
    public long DiskBytes => memory.DiskBytes;

    public long Bytes => sizeof(float) * (2L * kvHeads * size * localKeys[0].Count) + sinks.Bytes + memory.Bytes;

    public long AllocatedBytes => localKeys.Concat(localValues).Sum(rows => rows.AllocatedBytes) + sinks.Bytes + memory.Bytes + sizeof(float) * (long)band.Width * band.Count;

    /// <summary>Whether a token is among those that the last position of the last pass could attend to.</summary>
    public bool Covers(int token) =>
        token < sinks.Count || token >= attendedFrom && token < seen || retrieved.Length > 0 && retrieved[^1].Tokens.AsSpan().BinarySearch(token) >= 0;

    public int Count(int kvHead) => seen;

    public void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        int width = kvHeads * size;
        passTokens = keys.Length / width;
        for (int i = 0; i < passTokens; i++, seen++)
        {
            if (sinks.Count < settings.Sinks)
            {
                sinks.Add(keys.Slice(i * width, width), values.Slice(i * width, width));
                continue;
            }
            for (int h = 0; h < kvHeads; h++)
            {
                localKeys[h].Add(keys.Slice(i * width + h * size, size));
                localValues[h].Add(values.Slice(i * width + h * size, size));
            }
        }
        passBand = settings.Spans == SpanKind.None ? [] : [.. Enumerable.Range(0, kvHeads).Select(_ => new float[passTokens * band.Width])];
        (hasAttended, retrieved) = (false, []);
    }

    public void BeginAttention(ReadOnlySpan<float> queries)
    {
        if (memory.Count == 0) return;
        int width = heads * size, first = seen - passTokens;
        retrieved = new Retrieved[(passTokens + settings.Queries - 1) / settings.Queries];
        float[] row = new float[width], mean = new float[width];
        for (int g = 0; g < retrieved.Length; g++)
        {
            int start = g * settings.Queries, count = Math.Min(settings.Queries, passTokens - start);
            Array.Clear(mean);
            for (int i = start; i < start + count; i++)
            {
                queries.Slice(i * width, width).CopyTo(row);
                Layer.Rotate(row, [-(first + i)]);
                for (int c = 0; c < width; c++) mean[c] += row[c] / count;
            }
            retrieved[g] = Retrieved.From(memory, memory.Select(mean), Layer, settings.TruePositions);
        }
    }

    public void Attend(AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output, ReadOnlySpan<int> firsts)
    {
        hasAttended = true;
        StreamingAttention work = new(Layer, options, kvHead, settings.Window, settings.TruePositions);
        int width = heads * size, group = heads / kvHeads;
        for (int i = 0; i < passTokens; i++)
        {
            int token = seen - passTokens + i, local = Math.Max(0, token + 1 - localStart);
            Retrieved far = retrieved.Length == 0 ? Retrieved.Nothing : retrieved[i / settings.Queries];
            for (int h = kvHead * group; h < (kvHead + 1) * group; h++)
            {
                ReadOnlySpan<float> weights = work.Run(
                    queries.Slice(i * width + h * size, size), token, sinks, Math.Min(sinks.Count, token + 1), far, localKeys[kvHead].Rows(0, local), localValues[kvHead].Rows(0, local),
                    output.Slice(i * width + h * size, size));
                if (passBand.Length > 0 && local > 0) AddToBand(passBand[kvHead].AsSpan(i * band.Width, band.Width), weights[^local..]);
                if (i == passTokens - 1) strongest[h] = TokenAt(work.Greatest, Math.Min(sinks.Count, token + 1), far);
            }
        }
    }

    public void EndAttention(ReadOnlySpan<float> queries)
    {
        (attendedFrom, Attended) = (localStart, sinks.Count + retrieved.Select(r => r.Count).DefaultIfEmpty(0).Max() + localKeys[0].Count);
        if (passBand.Length > 0)
        {
            // The first pass of a stream is computed without asking the store; its map is needed all the same.
            if (!hasAttended)
            {
                float[] copy = queries.ToArray(), ignored = new float[copy.Length];
                Parallel.For(0, kvHeads, head => Attend(Layer.Attention, head, copy, ignored, []));
            }
            for (int i = 0; i < passTokens; i++)
                if (seen - passTokens + i >= settings.Sinks) band.Add(MeanRow(i));
        }
        Evict();
    }

    public void ReadKeys(int kvHead, int first, Span<float> target) => throw OwnWay();

    public void ReadValues(int kvHead, int first, Span<float> target) => throw OwnWay();

    public void Keep(int kvHead, ReadOnlySpan<int> slots) => throw OwnWay();

    public void WriteKeys(int kvHead, ReadOnlySpan<float> keys) => throw OwnWay();

    public void WriteValues(int kvHead, ReadOnlySpan<float> values) => throw OwnWay();

    public ILayerStore Fork() => new StreamingStore(
        Layer, settings, [.. localKeys.Select(rows => rows.Fork())], [.. localValues.Select(rows => rows.Fork())], sinks.Fork(), memory.Fork(), band.Fork())
    {
        seen = seen,
        localStart = localStart,
        attendedFrom = attendedFrom,
        Attended = Attended,
        strongest = [.. strongest],
    };

    public void Dispose()
    {
        foreach (HeadRows rows in localKeys.Concat(localValues)) rows.Dispose();
        memory.Dispose();
    }

    private static HeadRows[] Rows(KvLayer layer) => [.. Enumerable.Range(0, layer.KvHeads).Select(_ => new HeadRows(layer.HeadSize))];

    private static InvalidOperationException OwnWay() => new("a stream decides on its own which tokens it keeps");

    private int TokenAt(int place, int sinkCount, Retrieved far) =>
        place < sinkCount ? place : place < sinkCount + far.Count ? far.Tokens[place - sinkCount] : localStart + place - sinkCount - far.Count;

    /// <summary>Weights among the local tokens, as if only they were there: first tokens draw attention without meaning.</summary>
    private static void AddToBand(Span<float> row, ReadOnlySpan<float> local)
    {
        float sum = 0;
        foreach (float weight in local) sum += weight;
        if (!(sum > 0)) return;
        for (int d = 0; d < Math.Min(row.Length, local.Length); d++) row[d] += local[^(d + 1)] / sum;
    }

    private float[] MeanRow(int i)
    {
        float[] row = new float[band.Width];
        foreach (float[] head in passBand)
            for (int d = 0; d < row.Length; d++) row[d] += head[i * row.Length + d] / heads;
        return row;
    }

    private void Evict()
    {
        int local = localKeys[0].Count, leaving = local - settings.Window;
        if (settings.Spans == SpanKind.None)
        {
            if (leaving > 0) Drop(leaving);
            return;
        }
        // A span is final only when what follows it is known: the newest of those that leave are decided again with the next ones.
        if (leaving < 2 * settings.MaxSpan) return;
        AttentionBand region = band.First(Math.Min(local, leaving + settings.MaxSpan));
        DivisionOptions division = new(settings.Theta, settings.Overlap, settings.MinSpan, settings.MaxSpan, settings.Split);
        List<TokenSpan> spans = settings.Spans switch
        {
            SpanKind.Blocks => TriangleDivision.Blocks(leaving / settings.MaxSpan * settings.MaxSpan, settings.MaxSpan),
            SpanKind.Random => TriangleDivision.AtRandom(region, division, new RandomStream(Layer.Index, $"spans/random/{localStart}")),
            _ => TriangleDivision.Divide(region, division),
        };
        int done = 0;
        for (int s = 0; s < spans.Count && spans[s].End <= leaving; s++)
        {
            Store(spans, s, region);
            done = spans[s].End;
        }
        Drop(done);
    }

    private void Store(List<TokenSpan> spans, int s, AttentionBand region)
    {
        TokenSpan span = spans[s];
        int width = kvHeads * size, half = span.Length * width;
        float[] numbers = new float[2 * half];
        for (int t = 0; t < span.Length; t++)
            for (int h = 0; h < kvHeads; h++)
            {
                localKeys[h].Rows(span.Start + t, 1).CopyTo(numbers.AsSpan(t * width + h * size));
                localValues[h].Rows(span.Start + t, 1).CopyTo(numbers.AsSpan(half + t * width + h * size));
            }
        Layer.Rotate(numbers.AsSpan(0, half), [.. Enumerable.Range(0, span.Length).Select(t => -(localStart + span.Start + t))]);
        double[] votes = SpanVotes.Of(region, span, s + 1 < spans.Count ? spans[s + 1].End : span.End);
        memory.Add(span with { Start = localStart + span.Start }, numbers, Vectors(spans, s, votes, numbers));
    }

    private float[] Vectors(List<TokenSpan> spans, int s, double[] votes, float[] numbers)
    {
        int width = kvHeads * size;
        if (settings.Spans == SpanKind.Blocks)
        {
            int[] tokens = SpanVotes.Chosen(votes, Math.Min(settings.MaxVectors, votes.Length));
            float[] mean = new float[width];
            foreach (int t in tokens)
                for (int c = 0; c < width; c++) mean[c] += numbers[t * width + c] / tokens.Length;
            return mean;
        }
        double confidence = SpanVotes.Confidence(spans[s], s > 0 ? spans[s - 1] : null, s + 1 < spans.Count ? spans[s + 1] : null);
        int count = SpanVotes.Vectors(confidence, settings.MinVectors, settings.MaxVectors, spans[s].Length);
        return [.. SpanVotes.Chosen(votes, count).SelectMany(t => new ArraySegment<float>(numbers, t * width, width))];
    }

    private void Drop(int count)
    {
        foreach (HeadRows rows in localKeys.Concat(localValues)) rows.DropFirst(count);
        if (settings.Spans != SpanKind.None) band.DropFirst(count);
        localStart += count;
    }
}

using System.Numerics.Tensors;

namespace Hone.Inference.Caches.Streaming;

/// <summary>
/// What left the window of one layer: index vectors at hand, keys and values in a store. Spans are chosen by votes of the heads, which
/// live on from one retrieval to the next, so that evidence found while a question is read is still there while it is answered.
/// </summary>
internal sealed class SpanMemory
{
    private const double ManyVotes = 0.1; // share of a retrieval's votes that lets a span stay
    private const int HotSpans = 32;      // spans kept after reading, as InfLLM keeps its blocks

    private readonly LtriOptions options;
    private readonly int kvHeads, headSize, group;
    private readonly bool[] votes;
    private readonly int[] places; // [K] where a key head lies in an index vector; -1 where none of its query heads votes
    private readonly int vectorWidth;
    private readonly ISpanStore store;
    private readonly List<Entry> spans = [];
    private readonly List<double> memory = [];
    private readonly List<int> stayUntil = [];
    private readonly Dictionary<int, (float[] Numbers, long Used)> hot = [];
    private int round;
    private long clock;

    public SpanMemory(KvLayer layer, LtriOptions options)
        : this(options, layer.KvHeads, layer.HeadSize, layer.Group, Voters(layer, options), options.Folder.Length == 0 ? new MemorySpanStore() : new FileSpanStore(options.Folder)) { }

    private SpanMemory(LtriOptions options, int kvHeads, int headSize, int group, bool[] votes, ISpanStore store)
    {
        (this.options, this.kvHeads, this.headSize, this.group, this.votes, this.store) = (options, kvHeads, headSize, group, votes, store);
        places = Places(votes, group, headSize);
        vectorWidth = headSize * places.Count(place => place >= 0);
    }

    /// <summary>All spans, oldest first.</summary>
    public IReadOnlyList<TokenSpan> Spans => [.. spans.Select(s => s.Span)];

    public int Count => spans.Count;

    /// <summary>Bytes of index vectors, of spans read lately and of spans in memory.</summary>
    public long Bytes => IndexBytes + store.Bytes + hot.Values.Sum(h => h.Numbers.Length * (long)sizeof(float));

    public long IndexBytes => spans.Sum(s => s.Vectors.Length * (long)sizeof(float));

    public long DiskBytes => store.DiskBytes;

    private int Width => kvHeads * headSize;

    /// <summary>Adds a span behind all others.</summary>
    /// <param name="span">Its tokens.</param>
    /// <param name="numbers">[length, K · D] keys without rotation, then as many values.</param>
    /// <param name="vectors">[v, K · D] keys that stand for it; heads that do not vote are left out of the index.</param>
    public void Add(TokenSpan span, ReadOnlySpan<float> numbers, float[] vectors)
    {
        spans.Add(new(span, store.Add(numbers), OfVoters(vectors)));
        memory.Add(0);
        stayUntil.Add(0);
    }

    /// <summary>Keys without rotation [length, K · D], then values.</summary>
    public float[] Read(int index)
    {
        if (!hot.TryGetValue(index, out (float[] Numbers, long Used) found))
        {
            if (hot.Count >= HotSpans) hot.Remove(hot.MinBy(h => h.Value.Used).Key);
            found.Numbers = new float[2 * spans[index].Span.Length * Width];
            store.Read(spans[index].Place, found.Numbers);
        }
        hot[index] = (found.Numbers, ++clock);
        return found.Numbers;
    }

    /// <summary>Chooses the spans to bring back, ascending, at most <see cref="LtriOptions.Retrieve"/> tokens.</summary>
    /// <param name="query">[H · D] mean query of the group, without rotation.</param>
    public int[] Select(ReadOnlySpan<float> query)
    {
        if (spans.Count == 0 || options.Retrieve == 0) return [];
        double[] scores = Score(query);
        double total = options.Voting ? scores.Sum() : 0;
        round++;
        for (int s = 0; s < spans.Count; s++)
        {
            memory[s] = options.Memory * memory[s] + scores[s];
            if (options.Voting && scores[s] >= ManyVotes * total) stayUntil[s] = round + options.Stay;
        }
        int[] order = [.. Enumerable.Range(0, spans.Count).OrderByDescending(s => stayUntil[s] >= round && options.Stay > 0).ThenByDescending(s => memory[s]).ThenBy(s => s)];
        List<int> chosen = [];
        int free = options.Retrieve;
        Take(order[0]);
        if (options.Spans == SpanKind.Triangles)
        {
            Take(order[0] - 1);
            Take(order[0] + 1);
        }
        foreach (int s in order) Take(s);
        chosen.Sort();
        return [.. chosen];

        void Take(int s)
        {
            if (s < 0 || s >= spans.Count || spans[s].Span.Length > free || chosen.Contains(s)) return;
            chosen.Add(s);
            free -= spans[s].Span.Length;
        }
    }

    public TokenSpan this[int index] => spans[index].Span;

    public SpanMemory Fork()
    {
        SpanMemory fork = new(options, kvHeads, headSize, group, votes, store.Share()) { round = round };
        fork.spans.AddRange(spans);
        fork.memory.AddRange(memory);
        fork.stayUntil.AddRange(stayUntil);
        return fork;
    }

    public void Dispose() => store.Dispose();

    /// <summary>[spans] votes, or the greatest inner product summed over the heads.</summary>
    private double[] Score(ReadOnlySpan<float> query)
    {
        double[] sums = new double[spans.Count];
        float[] scores = new float[spans.Count];
        if (!options.Voting)
        {
            for (int s = 0; s < sums.Length; s++) sums[s] = Summed(spans[s].Vectors, query);
            return sums;
        }
        for (int h = 0; h < votes.Length; h++)
        {
            if (!votes[h]) continue;
            ReadOnlySpan<float> own = query.Slice(h * headSize, headSize);
            for (int s = 0; s < scores.Length; s++) scores[s] = Greatest(spans[s].Vectors, h / group, own) / MathF.Sqrt(headSize);
            float greatest = TensorPrimitives.Max<float>(scores);
            double total = 0;
            foreach (float score in scores) total += Math.Exp(score - greatest);
            for (int s = 0; s < scores.Length; s++) sums[s] += Math.Exp(scores[s] - greatest) / total;
        }
        return sums;
    }

    private float Greatest(float[] vectors, int kvHead, ReadOnlySpan<float> query)
    {
        float greatest = float.NegativeInfinity;
        for (int at = places[kvHead]; at < vectors.Length; at += vectorWidth)
            greatest = Math.Max(greatest, TensorPrimitives.Dot(query, vectors.AsSpan(at, headSize)));
        return greatest;
    }

    private double Summed(float[] vectors, ReadOnlySpan<float> query)
    {
        double greatest = double.NegativeInfinity;
        for (int at = 0; at < vectors.Length; at += vectorWidth)
        {
            double sum = 0;
            for (int h = 0; h < votes.Length; h++)
                if (votes[h]) sum += TensorPrimitives.Dot(query.Slice(h * headSize, headSize), vectors.AsSpan(at + places[h / group], headSize));
            greatest = Math.Max(greatest, sum);
        }
        return greatest;
    }

    private float[] OfVoters(float[] vectors)
    {
        if (vectorWidth == Width) return vectors;
        float[] own = new float[vectors.Length / Width * vectorWidth];
        for (int v = 0; v < vectors.Length / Width; v++)
            for (int head = 0; head < kvHeads; head++)
                if (places[head] >= 0) vectors.AsSpan(v * Width + head * headSize, headSize).CopyTo(own.AsSpan(v * vectorWidth + places[head]));
        return own;
    }

    private static int[] Places(bool[] votes, int group, int headSize)
    {
        int next = 0;
        return [.. votes.Chunk(group).Select(heads => heads.Contains(true) ? headSize * next++ : -1)];
    }

    /// <summary>Heads of the layer that vote; all where none of it was named.</summary>
    private static bool[] Voters(KvLayer layer, LtriOptions options)
    {
        bool[] voters = new bool[layer.Attention.Heads];
        foreach ((int l, int h) in options.Heads.Select(LtriOptions.ParseHead))
            if (l == layer.Index) voters[h] = true;
        if (!voters.Contains(true)) Array.Fill(voters, true);
        return voters;
    }

    private sealed record Entry(TokenSpan Span, long Place, float[] Vectors);
}

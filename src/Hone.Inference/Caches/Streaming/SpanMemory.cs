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
    private readonly VoterHeads voters;
    private readonly ISpanStore store;
    private readonly VectorIndex index;
    private readonly List<(TokenSpan Span, long Place)> spans = [];
    private readonly List<double> memory = [];
    private readonly List<int> stayUntil = [];
    private readonly Dictionary<int, (float[] Numbers, long Used)> hot = [];
    private int round, shortest = int.MaxValue;
    private long clock;

    public SpanMemory(KvLayer layer, LtriOptions options, ISpanStore store)
        : this(options, new VoterHeads(layer, options), store, null) { }

    private SpanMemory(LtriOptions options, VoterHeads voters, ISpanStore store, VectorIndex? index) =>
        (this.options, this.voters, this.store, this.index) = (options, voters, store, index ?? new VectorIndex(voters.VectorWidth));

    /// <summary>All spans, oldest first.</summary>
    public IReadOnlyList<TokenSpan> Spans => [.. spans.Select(s => s.Span)];

    public int Count => spans.Count;

    /// <summary>Bytes of index vectors, of spans read lately and of spans in memory.</summary>
    public long Bytes => IndexBytes + store.Bytes + hot.Values.Sum(h => h.Numbers.Length * (long)sizeof(float));

    public long IndexBytes => index.Bytes;

    public long DiskBytes => store.DiskBytes;

    public TokenSpan this[int span] => spans[span].Span;

    /// <summary>Adds a span behind all others.</summary>
    /// <param name="span">Its tokens.</param>
    /// <param name="numbers">[length, K · D] keys without rotation, then as many values.</param>
    /// <param name="vectors">[v, K · D] keys that stand for it; heads that do not vote are left out of the index.</param>
    public void Add(TokenSpan span, ReadOnlySpan<float> numbers, float[] vectors)
    {
        float[] own = voters.Of(vectors);
        Add(span, store.Add(numbers, own), own);
    }

    /// <summary>Keys without rotation [length, K · D], then values.</summary>
    public float[] Read(int span)
    {
        if (!hot.TryGetValue(span, out (float[] Numbers, long Used) found))
        {
            if (hot.Count >= HotSpans) hot.Remove(hot.MinBy(h => h.Value.Used).Key);
            found.Numbers = new float[voters.Numbers(spans[span].Span.Length)];
            store.Read(spans[span].Place, found.Numbers);
        }
        hot[span] = (found.Numbers, ++clock);
        return found.Numbers;
    }

    /// <summary>Chooses the spans to bring back, ascending, at most <see cref="LtriOptions.Retrieve"/> tokens.</summary>
    /// <param name="query">[H · D] mean query of the group, without rotation.</param>
    public int[] Select(ReadOnlySpan<float> query)
    {
        if (spans.Count == 0 || options.Retrieve == 0) return [];
        Remember(Score(query));
        BestFirst order = new(spans.Count, IsBetter);
        SortedSet<int> chosen = [];
        int free = options.Retrieve, best = order.Next();
        Take(best);
        if (options.Spans is SpanKind.Triangles or SpanKind.Random)
        {
            Take(best - 1);
            Take(best + 1);
        }
        while (free >= shortest && order.Next() is >= 0 and int next) Take(next);
        return [.. chosen];

        void Take(int s)
        {
            if (s < 0 || s >= spans.Count || spans[s].Span.Length > free || !chosen.Add(s)) return;
            free -= spans[s].Span.Length;
        }
    }

    public SpanMemory Fork()
    {
        SpanMemory fork = new(options, voters, store.Share(), index.Fork()) { round = round, shortest = shortest };
        fork.spans.AddRange(spans);
        fork.memory.AddRange(memory);
        fork.stayUntil.AddRange(stayUntil);
        return fork;
    }

    /// <summary>Writes all but the store's numbers, which are brought to disk.</summary>
    public void Save(StreamWriting to)
    {
        to.Int(round);
        to.Long(store.Flush());
        to.Int(spans.Count);
        for (int s = 0; s < spans.Count; s++)
        {
            (TokenSpan span, long place) = spans[s];
            to.Int(span.Start);
            to.Int(span.Length);
            to.Double(span.Score);
            to.Long(place);
            to.Int(index.CountOf(s));
            to.Double(memory[s]);
            to.Int(stayUntil[s]);
        }
    }

    /// <summary>Brings an empty memory to what was saved; what the store holds beyond that is cut off.</summary>
    /// <exception cref="HoneException">The store and what was saved do not go together.</exception>
    public void Load(StreamReading from)
    {
        round = from.Int();
        store.Cut(from.Long());
        int count = from.CountOf(7 * sizeof(long));
        for (int s = 0; s < count; s++)
        {
            TokenSpan span = new(from.Int(), from.Int(1, options.MaxSpan), from.Double());
            long place = from.Long();
            float[] vectors = new float[from.Int(1, options.MaxSpan) * index.Width];
            store.Read(place + voters.Numbers(span.Length) * (long)sizeof(float), vectors);
            Add(span, place, vectors);
            memory[s] = from.Double();
            stayUntil[s] = from.Int();
        }
    }

    /// <summary>Cuts off everything in a store that outlives the process.</summary>
    public void Empty() => store.Cut(0);

    public void Dispose() => store.Dispose();

    private void Add(TokenSpan span, long place, ReadOnlySpan<float> vectors)
    {
        spans.Add((span, place));
        index.Add(vectors);
        memory.Add(0);
        stayUntil.Add(0);
        shortest = Math.Min(shortest, span.Length);
    }

    private void Remember(double[] scores)
    {
        double many = ManyVotes * (options.Voting ? scores.Sum() : double.PositiveInfinity);
        round++;
        for (int s = 0; s < scores.Length; s++)
        {
            memory[s] = options.Memory * memory[s] + scores[s];
            if (scores[s] >= many) stayUntil[s] = round + options.Stay;
        }
    }

    /// <summary>Spans that stay come first, then those with more votes; the earlier among equals.</summary>
    private bool IsBetter(int a, int b)
    {
        bool aStays = options.Stay > 0 && stayUntil[a] >= round, bStays = options.Stay > 0 && stayUntil[b] >= round;
        if (aStays != bStays) return aStays;
        return memory[a] != memory[b] ? memory[a] > memory[b] : a < b;
    }

    /// <summary>[spans] votes, or the greatest inner product summed over the heads.</summary>
    private double[] Score(ReadOnlySpan<float> query)
    {
        double[] sums = new double[spans.Count];
        float[] scores = new float[spans.Count];
        if (!options.Voting)
        {
            index.Greatest(voters.Summed(query), 0, scores);
            for (int s = 0; s < sums.Length; s++) sums[s] = scores[s];
            return sums;
        }
        foreach ((int head, int place) in voters.All)
        {
            index.Greatest(query.Slice(head * voters.HeadSize, voters.HeadSize), place, scores);
            TensorPrimitives.Divide(scores, MathF.Sqrt(voters.HeadSize), scores);
            TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
            TensorPrimitives.Exp(scores, scores);
            double total = 0;
            foreach (float score in scores) total += score;
            for (int s = 0; s < sums.Length; s++) sums[s] += scores[s] / total;
        }
        return sums;
    }
}

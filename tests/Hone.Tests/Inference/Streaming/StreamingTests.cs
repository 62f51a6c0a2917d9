using Hone.Core;
using Hone.Core.Recipes;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Inference.Caches.Streaming;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using static Hone.Tests.Inference.TinyModels;

namespace Hone.Tests.Inference.Streaming;

/// <summary>A stream with room for everything is full attention; one without stays bounded.</summary>
public sealed class StreamingTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 160).Select(i => (i * 37 + i * i * 11 + 5) % TinyModels.Vocabulary)];

    [Theory]
    [InlineData(SpanKind.Triangles, "")]
    [InlineData(SpanKind.Blocks, "")]
    [InlineData(SpanKind.Triangles, "disk")]
    public void Everything_brought_back_to_its_place_is_full_attention(SpanKind kind, string folder)
    {
        LanguageModel model = TinyModels.Llama();
        string? path = folder.Length == 0 ? null : Directory.CreateTempSubdirectory("hone-spans").FullName;
        LtriOptions options = new()
        {
            Window = 16,
            Sinks = 3,
            MaxSpan = 8,
            Retrieve = 10_000,
            Queries = 4,
            Spans = kind,
            TruePositions = true,
            Theta = 0.05,
            Folder = path ?? "",
        };
        using (PolicyKvCache cache = Cache(model, options))
        {
            float[] whole = Logits(model, Tokens);
            List<float> found = [];
            foreach (int piece in new[] { 20, 1, 30, 7, 1, 1, 60, 40 }) found.AddRange(Step(model, cache, Tokens.AsSpan(cache.Length, piece).ToArray()));
            Assert.Equal(whole.Length, found.Count);
            Assert.True(whole.Zip(found, (a, b) => Math.Abs(a - b)).Max() < 1e-4);
            StreamingStore store = (StreamingStore)cache.Stores[0];
            Assert.NotEmpty(store.Spans);
            Assert.Equal(path is null ? 0 : store.Spans.Sum(s => s.Length) * 2L * 16 * sizeof(float), store.DiskBytes);
            Assert.All(Enumerable.Range(0, Tokens.Length), token => Assert.True(store.Covers(token)));
        }
        if (path is null) return;
        Assert.Empty(Directory.GetFiles(path)); // the file goes with its last holder
        Directory.Delete(path);
    }

    [Theory]
    [InlineData(SpanKind.Triangles)]
    [InlineData(SpanKind.Blocks)]
    [InlineData(SpanKind.None)]
    public void A_token_attends_to_a_bounded_number_of_keys(SpanKind kind)
    {
        LanguageModel model = TinyModels.Llama();
        LtriOptions options = new() { Window = 16, Sinks = 2, MaxSpan = 8, Retrieve = kind == SpanKind.None ? 0 : 24, Spans = kind, Theta = 0.05 };
        using PolicyKvCache cache = Cache(model, options);
        int bound = options.Sinks + options.Retrieve + options.Window + (kind == SpanKind.None ? 0 : 2 * options.MaxSpan) + 1;
        for (int i = 0; i < Tokens.Length; i++)
        {
            Step(model, cache, [Tokens[i]]);
            foreach (StreamingStore store in cache.Stores.Cast<StreamingStore>())
            {
                Assert.InRange(store.Attended, 1, bound);
                Assert.Equal(Enumerable.Range(0, store.Spans.Count).Select(s => s == 0 ? options.Sinks : store.Spans[s - 1].End), store.Spans.Select(s => s.Start));
            }
        }
        if (kind == SpanKind.None) Assert.False(((StreamingStore)cache.Stores[0]).Covers(40));
    }

    [Fact]
    public void Spans_of_one_token_give_exact_retrieval_of_the_best_keys()
    {
        LanguageModel model = TinyModels.Llama(layers: 1);
        LtriOptions options = new() { Window = 8, Sinks = 0, MinSpan = 1, MaxSpan = 1, MinVectors = 1, MaxVectors = 1, Retrieve = 5, Queries = 1, Memory = 0, Stay = 0, Spans = SpanKind.Blocks, Voting = false };
        using PolicyKvCache cache = Cache(model, options);
        foreach (int token in Tokens[..^1]) Step(model, cache, [token]);
        StreamingStore store = (StreamingStore)cache.Stores[0];
        int stored = store.Spans.Count;
        Step(model, cache, [Tokens[^1]]);
        Assert.Equal(5, Enumerable.Range(0, stored).Count(store.Covers));
        // The same by hand: greatest sum over heads of un-rotated query times un-rotated key.
        (float[] queries, float[] keys) = Projections(model, Tokens);
        double[] scores = [.. Enumerable.Range(0, stored).Select(t => Enumerable.Range(0, 4).Sum(h =>
            Enumerable.Range(0, 8).Sum(c => (double)queries[(Tokens.Length - 1) * 32 + h * 8 + c] * keys[t * 16 + h / 2 * 8 + c])))];
        int[] best = [.. Enumerable.Range(0, scores.Length).OrderByDescending(t => scores[t]).Take(5).Order()];
        Assert.Equal(best, Enumerable.Range(0, stored).Where(store.Covers));
    }

    [Fact]
    public void One_softmax_over_the_parts_is_the_merge_of_a_softmax_over_each()
    {
        const int Size = 8, Position = 40, Window = 6;
        KvLayer layer = new(TinyModels.Llama(layers: 1), 0, Hone.Tensors.Threads.WorkerPool.Shared);
        RandomStream random = new(4, "merge");
        float[] Numbers(int count)
        {
            float[] numbers = new float[count];
            random.FillNormal(numbers, 0, 1);
            return numbers;
        }
        SinkTokens sinks = new(layer, new LtriOptions { Window = Window, Sinks = 2 });
        for (int i = 0; i < 2; i++) sinks.Add(Numbers(2 * Size), Numbers(2 * Size));
        Retrieved far = new([5, 6, 9], Numbers(3 * 2 * Size), Numbers(3 * 2 * Size));
        float[] query = Numbers(Size), keys = Numbers(Window * Size), values = Numbers(Window * Size), edge = [.. query], output = new float[Size];
        new StreamingAttention(layer, layer.Attention, 1, Window, truePositions: false).Run(query, Position, sinks, 2, far, keys, values, output);
        layer.Rotate(edge, [Window - Position]);
        (double Log, double[] Mean)[] parts =
        [
            Part(edge, i => sinks.Key(i, 1, false).ToArray(), i => sinks.Value(i, 1).ToArray(), 2),
            Part(edge, i => far.Keys.AsSpan(i * 2 * Size + Size, Size).ToArray(), i => far.Values.AsSpan(i * 2 * Size + Size, Size).ToArray(), 3),
            Part(query, i => keys.AsSpan(i * Size, Size).ToArray(), i => values.AsSpan(i * Size, Size).ToArray(), Window),
        ];
        double total = parts.Sum(part => Math.Exp(part.Log));
        for (int c = 0; c < Size; c++) Assert.Equal(parts.Sum(part => Math.Exp(part.Log) / total * part.Mean[c]), output[c], 1e-5);

        (double, double[]) Part(float[] q, Func<int, float[]> key, Func<int, float[]> value, int count)
        {
            double[] weights = [.. Enumerable.Range(0, count).Select(i => Math.Exp(layer.Attention.Scale * q.Zip(key(i), (a, b) => (double)a * b).Sum()))];
            return (Math.Log(weights.Sum()), [.. Enumerable.Range(0, Size).Select(c => Enumerable.Range(0, count).Sum(i => weights[i] * value(i)[c]) / weights.Sum())]);
        }
    }

    [Fact]
    public void A_copy_goes_its_own_way()
    {
        LanguageModel model = TinyModels.Llama();
        using PolicyKvCache cache = Cache(model, new LtriOptions { Window = 16, Sinks = 2, MaxSpan = 8, Retrieve = 24, Theta = 0.05 });
        Step(model, cache, Tokens[..100]);
        using IKvCache first = cache.Fork(), second = cache.Fork();
        float[] a = Step(model, first, Tokens[100..]);
        Step(model, second, [1, 2, 3]);
        Assert.Equal(a, Step(model, cache, Tokens[100..]));
    }

    [Fact]
    public void The_engine_streams_by_name()
    {
        LanguageModel model = TinyModels.Llama();
        ComponentRegistry components = new ComponentRegistry().Scan(typeof(LtriFormat).Assembly);
        KvOptions options = KvPlan.Parse("policy=full,format=ltri,window=16,retrieve=16,max_span=8,sinks=2", components);
        Engine engine = new(model, options: new EngineOptions { CreateCache = KvPlan.Factory(options, model) });
        GenerationRequest request = new() { Prompt = Tokens, MaxTokens = 8, Sampling = SamplingOptions.Greedy, StopIds = [] };
        Assert.Equal(8, engine.Generate(request)[0].Ids.Length);
        Assert.Throws<HoneException>(() => KvPlan.Factory(KvPlan.Parse("policy=full,format=ltri,heads=9.0", components), model)!(model));
    }

    [Fact]
    public void Settings_that_make_no_sense_are_refused()
    {
        Assert.Throws<HoneException>(() => new LtriOptions { MinSpan = 9, MaxSpan = 8 }.Check());
        Assert.Throws<HoneException>(() => new LtriOptions { MinVectors = 9 }.Check());
        Assert.Throws<HoneException>(() => new LtriOptions { Spans = SpanKind.Blocks, Retrieve = 8 }.Check());
        Assert.Throws<HoneException>(() => new LtriOptions { Heads = ["x"] }.Check());
        Assert.Throws<HoneException>(() => new LtriOptions { Retrieve = 3, MinSpan = 4 }.Check());
    }

    private static PolicyKvCache Cache(LanguageModel model, LtriOptions options) =>
        new(new KvPlan(new KvOptions { Format = Using.Component<IKvFormat>("ltri", () => new LtriFormat(options)) }, model));

    private static (float[] Queries, float[] Keys) Projections(LanguageModel model, int[] tokens)
    {
        using Tape tape = new(recording: false);
        Tensor x = tape.Embedding(model.Embedding.Value, tokens);
        x = tape.RmsNorm(x, model["model.layers.0.input_layernorm.weight"].Value, model.Config.NormEpsilon);
        return (tape.Linear(x, model["model.layers.0.self_attn.q_proj.weight"].Value).Data.ToArray(),
            tape.Linear(x, model["model.layers.0.self_attn.k_proj.weight"].Value).Data.ToArray());
    }
}

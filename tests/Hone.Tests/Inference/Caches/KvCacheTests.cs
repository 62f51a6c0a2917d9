using Hone.Core;
using Hone.Core.Recipes;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference.Caches;

/// <summary>What holds for every policy and format.</summary>
public sealed class KvCacheTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 90).Select(i => (i * 37 + i / 7) % TinyModels.Vocabulary)];

    private static readonly ComponentRegistry Components = new ComponentRegistry().Scan(typeof(KvOptions).Assembly, typeof(Hone.Methods.PrefixKv.PrefixKvPolicy).Assembly);

    public static TheoryData<string> Policies => [.. Names(typeof(IKvPolicy)).Where(name => name != "full")];

    public static TheoryData<string> PoliciesWithBudget => [.. Names(typeof(IKvPolicy)).Where(name => name is not ("full" or "simlayerkv"))];

    // A store that retrieves attends to what it brought in, not to all it could read back.
    public static TheoryData<string> Formats => [.. Names(typeof(IKvFormat)).Where(name => name != "ltri")];

    [Theory, MemberData(nameof(Policies))]
    public void Keeping_everything_is_the_full_cache(string policy)
    {
        LanguageModel model = TinyModels.Llama();
        float[] expected = Whole(model);
        Assert.True(GoldenModel.MaxDifference(Continue(model, $"policy={policy},keep=1"), expected) < 1e-4);
        Assert.True(GoldenModel.MaxDifference(Continue(model, $"policy={policy},keep=1,bits=16"), expected) < 2e-2);
    }

    [Theory, MemberData(nameof(PoliciesWithBudget))]
    public void A_budget_is_kept_and_counted_and_a_fork_goes_its_own_way(string policy)
    {
        LanguageModel model = TinyModels.Llama();
        foreach (string format in BudgetFormats)
        {
            using CachedSequence sequence = Compressed(model, $"policy={policy},keep=0.5{format}{Small(policy)}");
            PolicyKvCache cache = (PolicyKvCache)sequence.Cache;
            int kept = cache.Views.Sum(view => Enumerable.Range(0, view.Layer.KvHeads).Sum(view.Count));
            Assert.InRange(kept, 45 * 4 - 8, 45 * 4);
            Assert.Equal(Prompt.Length, cache.NextPosition);
            Assert.True(cache.Memory.AllocatedBytes >= cache.Memory.Bytes && cache.Memory.PeakBytes >= cache.Memory.Bytes);
            Assert.Equal(cache.Views.Sum(view => Enumerable.Range(0, view.Layer.KvHeads).Sum(head => HeadBytes(format, view.Count(head)))), cache.Memory.Bytes);
            using CachedSequence fork = sequence.Fork();
            float[] one = sequence.Feed(5, 6, 7), two = fork.Feed(5, 6, 7);
            Assert.Equal(one, two);
            fork.Feed(9);
            Assert.Equal(sequence.Feed(11, 12), Again(model, $"policy={policy},keep=0.5{format}{Small(policy)}", 5, 6, 7, 11, 12));
        }
    }

    private static readonly string[] BudgetFormats =
    [
        "", ",bits=16", ",format=kivi,bits=4,group=8,residual=8", ",format=kivi,bits=2,group=4,residual=8", ",format=token,bits=8,group=8,residual=4",
        ",format=token,bits=3,group=4,residual=0", ",format=channel,bits=4,group=8,residual=16", ",format=think,channels=0.5", ",format=think,channels=0.75,bits=16",
        ",format=think,channels=0.5,bits=4,group=4,residual=8",
    ];

    /// <summary>Bytes of a head of 8 channels by formula: codes, two half-precision numbers for each group, exact rows, channel numbers.</summary>
    private static long HeadBytes(string format, int tokens)
    {
        const int Size = 8;
        long Single(int rows, int width) => 4L * rows * width;
        long Codes(int rows, int width, int bits) => (long)rows * ((width * bits + 7) / 8);
        long ByChannel(int width, int bits, int group, int residual) => tokens - tokens % residual is var rounded
            ? Codes(rounded, width, bits) + 4L * rounded / group * width + Single(tokens - rounded, width) : 0;
        long ByToken(int bits, int group, int residual) => Math.Max(0, tokens - residual) is var rounded
            ? Codes(rounded, Size, bits) + 4L * rounded * Size / group + Single(tokens - rounded, Size) : 0;
        return format switch
        {
            "" => 2 * Single(tokens, Size),
            ",bits=16" => Single(tokens, Size),
            ",format=kivi,bits=4,group=8,residual=8" => ByChannel(Size, 4, 8, 8) + ByToken(4, 8, 8),
            ",format=kivi,bits=2,group=4,residual=8" => ByChannel(Size, 2, 4, 8) + ByToken(2, 4, 8),
            ",format=token,bits=8,group=8,residual=4" => 2 * ByToken(8, 8, 4),
            ",format=token,bits=3,group=4,residual=0" => 2 * ByToken(3, 4, 0),
            ",format=channel,bits=4,group=8,residual=16" => 2 * ByChannel(Size, 4, 8, 16),
            ",format=think,channels=0.5" => Single(tokens, 4) + Single(tokens, Size) + 4 * 4,
            ",format=think,channels=0.75,bits=16" => Single(tokens, 6) / 2 + Single(tokens, Size) / 2 + 4 * 6,
            ",format=think,channels=0.5,bits=4,group=4,residual=8" => ByChannel(4, 4, 4, 8) + ByToken(4, 4, 8) + 4 * 4,
            _ => throw new ArgumentException(format),
        };
    }

    [Fact]
    public void Thinned_keys_leave_out_the_least_channels_and_later_tokens_are_whole()
    {
        LanguageModel model = TinyModels.Llama();
        using CachedSequence sequence = Compressed(model, "policy=knorm,keep=0.5,format=think,channels=0.5,format.window=8");
        PolicyKvCache cache = (PolicyKvCache)sequence.Cache;
        sequence.Feed(5, 6, 7);
        float[] keys = new float[48 * 8];
        cache.Views[1].ReadKeys(0, 0, keys);
        ThinkStore store = (ThinkStore)cache.Stores[1];
        for (int i = 0; i < keys.Length; i++) Assert.Equal(i / 8 < 45 && !store.HasChannel(0, i % 8), keys[i] == 0);
        cache.Stores[1].Keep(0, [0, 3, 44, 45, 47]);
        float[] kept = new float[5 * 8];
        cache.Views[1].ReadKeys(0, 0, kept);
        Assert.Equal(keys.AsSpan(47 * 8, 8).ToArray(), kept.AsSpan(4 * 8).ToArray());
        Assert.Equal(keys.AsSpan(3 * 8, 8).ToArray(), kept.AsSpan(8, 8).ToArray());
    }

    [Fact]
    public void Lazy_layers_keep_what_they_look_at()
    {
        LanguageModel model = TinyModels.Llama();
        using CachedSequence none = Compressed(model, "policy=simlayerkv,threshold=1,recent=20"), all = Compressed(model, "policy=simlayerkv,threshold=0,recent=20,last=2,initial=3");
        Assert.Equal(90, ((PolicyKvCache)none.Cache).Views[0].Count(0));
        Assert.Equal([0, 1, 2, .. Enumerable.Range(72, 18)], ((PolicyKvCache)all.Cache).Views[1].Positions(1).ToArray());
    }

    [Theory, MemberData(nameof(Formats))]
    public void Attention_over_a_format_equals_attention_over_what_it_reads_back(string format)
    {
        LanguageModel model = TinyModels.Llama();
        string settings = format switch { "fp32" or "fp16" => $"policy=full,format={format}", "flat" or "hqq" => $"policy=full,format={format},bits=8,group=4", _ => $"policy=full,format={format},bits=4,group=8,residual=8" };
        using CachedSequence sequence = Compressed(model, settings);
        IKvView view = ((PolicyKvCache)sequence.Cache).Views[1];
        ILayerStore store = ((PolicyLayerCache)sequence.Cache[1]).Store;
        RandomStream random = new(3, "queries");
        float[] query = new float[4 * 8], own = new float[4 * 8], expected = new float[4 * 8], many = new float[6 * 4 * 8], manyOwn = new float[6 * 4 * 8];
        random.FillNormal(query, 0, 1);
        random.FillNormal(many, 0, 1);
        store.BeginAttention(query);
        for (int head = 0; head < 2; head++)
        {
            store.Attend(view.Layer.Attention, head, query, own, []);
            store.Attend(view.Layer.Attention, head, many, manyOwn, []);
            Plain(view, head, query, expected, view.Count(head));
        }
        Assert.True(GoldenModel.MaxDifference(own, expected) < 1e-5, $"{GoldenModel.MaxDifference(own, expected)}");
        // Of six tokens at once the last sees what one alone sees.
        float[] last = new float[4 * 8];
        for (int head = 0; head < 2; head++) Plain(view, head, many.AsSpan(5 * 32).ToArray(), last, view.Count(head));
        Assert.True(GoldenModel.MaxDifference(manyOwn.AsSpan(5 * 32), last) < 1e-5);
    }

    [Fact]
    public void The_engine_generates_with_any_cache_and_samples_share_a_compressed_prompt()
    {
        LanguageModel model = TinyModels.Llama();
        foreach (string settings in (string[])["policy=snapkv,keep=0.3,window=8", "policy=knorm,keep=0.4,allocate=adakv", "policy=h2o,tokens=20,every=1", "policy=streaming_llm,tokens=24,every=1,rerotate=true", "policy=tova,keep=0.5,bits=4"])
        {
            KvPlan plan = new(KvPlan.Parse(settings, Components), model);
            Engine engine = new(model, options: new EngineOptions { CreateCache = _ => new PolicyKvCache(plan) });
            GenerationRequest request = new() { Prompt = Prompt, MaxTokens = 12, StopIds = [], Sampling = SamplingOptions.Greedy, Samples = 2 };
            IReadOnlyList<GenerationResult> results = engine.Generate([request, request with { Prompt = Prompt[..40], Samples = 1 }]);
            Assert.Equal(results[0].Ids, results[1].Ids);
            using CachedSequence sequence = new(model, new PolicyKvCache(plan));
            float[] logits = sequence.Feed(Prompt);
            sequence.EndPrompt();
            Assert.Equal(results[0].Ids, PressGoldenTests.Greedy(sequence, logits, 12));
        }
    }

    [Fact]
    public void A_window_of_the_model_counts_positions_not_slots()
    {
        LanguageModel model = TinyModels.Llama();
        KvLayer plain = new(model, 0, Hone.Tensors.Threads.WorkerPool.Shared);
        Assert.Equal(0, plain.Attention.Window);
        PolicyKvCache cache = new(new KvPlan(KvPlan.Parse("policy=knorm,keep=0.5", Components), model));
        using CachedSequence sequence = new(model, cache);
        sequence.Feed(Prompt);
        sequence.EndPrompt();
        int[] positions = cache.Views[0].Positions(0).ToArray();
        float[] query = [.. Enumerable.Range(0, 32).Select(i => MathF.Sin(i))], own = new float[32], expected = new float[32];
        cache[0].Attend(plain.Attention with { Window = 30 }, 0, query, own);
        int seen = positions.Count(p => p > positions[^1] - 30);
        Plain(cache.Views[0], 0, query, expected, seen);
        Assert.True(GoldenModel.MaxDifference(own.AsSpan(0, 16), expected.AsSpan(0, 16)) < 1e-5);
    }

    [Theory]
    [InlineData("policy=knorm,keep=0.5,bits=4,every=8", "blocks")]
    [InlineData("policy=knorm,keep=0.5,allocate=adakv,rerotate=true", "same number")]
    [InlineData("policy=knorm,keep=0.5,format=flat,allocate=adakv", "all heads together")]
    [InlineData("policy=compactor,keep=0.5,every=4", "prompt alone")]
    [InlineData("policy=simlayerkv,keep=0.5", "by itself")]
    [InlineData("policy=simlayerkv,every=4", "prompt alone")]
    [InlineData("policy=finch,keep=0.5,every=4", "prompt alone")]
    [InlineData("policy=knorm,keep=0.5,format=think,bits=4,every=4", "blocks")]
    [InlineData("policy=knorm,keep=0.5,format=think,every=4,rerotate=true", "round keys again")]
    [InlineData("policy=full,format=think,bits=5", "bits")]
    [InlineData("policy=knorm,keep=0.5,format=ltri", "no policy can drop")]
    [InlineData("policy=full,keep=0.5", "every token")]
    [InlineData("policy=full,allocate=pyramid", "every token")]
    [InlineData("policy=knorm,keep=0.5,format=fp16,bits=4", "precision of its own")]
    [InlineData("policy=full,format=ltri,bits=4", "precision of its own")]
    [InlineData("policy=snapkw", "snapkv")]
    [InlineData("policy=snapkv,windw=3", "windw")]
    [InlineData("policy=snapkv,keep=2", "keep")]
    [InlineData("policy=snapkv,keep=0.5,tokens=8", "budget")]
    [InlineData("policy=knorm,bits=5", "bits")]
    [InlineData("policy=knorm,format=kivi,group=32,residual=40", "multiple")]
    [InlineData("snapkv", "key=value")]
    public void What_does_not_go_together_is_refused_with_the_reason(string settings, string reason)
    {
        LanguageModel model = TinyModels.Llama();
        HoneException error = Assert.Throws<HoneException>(() =>
        {
            KvPlan plan = new(KvPlan.Parse(settings, Components), model);
            new PolicyKvCache(plan).Dispose();
        });
        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void Generating_with_every_holds_the_budget()
    {
        LanguageModel model = TinyModels.Llama();
        using CachedSequence sequence = Compressed(model, "policy=streaming_llm,tokens=16,every=1");
        PolicyKvCache cache = (PolicyKvCache)sequence.Cache;
        for (int i = 0; i < 40; i++)
        {
            sequence.Feed(i % 50);
            Assert.Equal(16, cache.Views[0].Count(0));
        }
        Assert.Equal([0, 1, 2, 3, .. Enumerable.Range(118, 12)], cache.Views[1].Positions(1).ToArray());
    }

    private static string Small(string policy) => policy is "snapkv" or "pyramidkv" or "adakv" or "finch" ? ",window=4" : policy is "lagkv" ? ",lag=8" : policy is "leverage" or "compactor" ? ",sketch=4" : "";

    private static CachedSequence Compressed(LanguageModel model, string settings)
    {
        CachedSequence sequence = new(model, new PolicyKvCache(new KvPlan(KvPlan.Parse(settings, Components), model)));
        sequence.Feed(Prompt);
        sequence.EndPrompt();
        return sequence;
    }

    private static float[] Continue(LanguageModel model, string settings)
    {
        using CachedSequence sequence = Compressed(model, settings);
        return sequence.Feed(3, 1, 4);
    }

    private static float[] Again(LanguageModel model, string settings, params int[] tokens)
    {
        using CachedSequence sequence = Compressed(model, settings);
        sequence.Feed(tokens[..^2]);
        return sequence.Feed(tokens[^2..]);
    }

    private static float[] Whole(LanguageModel model)
    {
        using CachedSequence sequence = new(model);
        return sequence.Feed([.. Prompt, 3, 1, 4]);
    }

    /// <summary>Attention in plain loops over the last slots of a head.</summary>
    private static void Plain(IKvView view, int kvHead, float[] query, float[] output, int seen)
    {
        int size = view.Layer.HeadSize, group = view.Layer.Group, slots = view.Count(kvHead);
        float[] keys = new float[slots * size], values = new float[slots * size];
        view.ReadKeys(kvHead, 0, keys);
        view.ReadValues(kvHead, 0, values);
        for (int g = 0; g < group; g++)
        {
            int at = (kvHead * group + g) * size;
            double[] weights = [.. Enumerable.Range(slots - seen, seen).Select(t => Math.Exp(view.Layer.Attention.Scale * Enumerable.Range(0, size).Sum(d => (double)query[at + d] * keys[t * size + d])))];
            for (int d = 0; d < size; d++)
                output[at + d] = (float)(weights.Select((w, i) => w * values[(slots - seen + i) * size + d]).Sum() / weights.Sum());
        }
    }

    private static IEnumerable<string> Names(Type seam) => Components.All.Where(c => c.Seam == seam).Select(c => c.Name).Order(StringComparer.Ordinal);
}

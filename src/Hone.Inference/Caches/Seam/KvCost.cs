using Hone.Core;
using Hone.Models.Config;

namespace Hone.Inference.Caches;

/// <summary>
/// Bytes that the keys and values of a request come to, so that a server can let in as many as fit. For exact pages they are counted; for
/// other stores they are measured, on the stores themselves filled with random numbers.
/// </summary>
public sealed class KvCost
{
    /// <summary>Tokens by which a store is filled to see how it grows: more than any window that stays exact.</summary>
    private const int Probe = 256;

    private readonly KvPlan? plan; // null for exact pages
    private readonly int pageTokens;
    private Line exact, sealedStore, generated;

    private KvCost(KvPlan? plan, int pageTokens) => (this.plan, this.pageTokens) = (plan, pageTokens);

    /// <summary>Exact fp32 keys and values, or latents, as the engine keeps them without further settings.</summary>
    public static KvCost Exact(ModelConfig config)
    {
        Line line = new(0, config.KvBytesPerToken);
        return new(null, config.Latent is null ? KvPagePool.PageTokens : 1) { exact = line, sealedStore = line, generated = line };
    }

    /// <summary>What the caches of a plan take.</summary>
    public static KvCost Of(KvPlan plan)
    {
        if (plan.NewCache is null) return Exact(plan.Layers[0].Model.Config);
        KvCost cost = new(plan, pageTokens: 1);
        foreach (IGrouping<(int, int), KvLayer> alike in plan.Layers.GroupBy(layer => (layer.KvHeads, layer.HeadSize))) cost.Add(alike.First(), alike.Count());
        return cost;
    }

    /// <summary>Bytes while a prompt is gone through: until it is complete nothing is rounded, and only <c>chunks</c> drops any of it.</summary>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="piece">Most tokens of one pass.</param>
    public long WhileReading(int prompt, int piece = 512) =>
        exact.At(plan is { Options.Chunks: true } ? Math.Min(prompt, plan.Kept(prompt) + piece) : RoundUp(prompt));

    /// <summary>Bytes at most from the end of the prompt to the end of all continuations.</summary>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="more">Most tokens of a continuation.</param>
    /// <param name="samples">Continuations. They share exact pages of the prompt, up to the page where they part; other stores are each their own.</param>
    public long Afterwards(int prompt, int more, int samples)
    {
        if (plan is null && pageTokens > 1) return exact.At(RoundUp(prompt)) + samples * exact.At(RoundUp(more) + pageTokens);
        if (plan is null) return samples * exact.At(prompt + more);
        int start = plan.Options.Prompt ? plan.Kept(prompt) : prompt;
        int growth = plan.Options.Every == 0 ? more : Math.Min(more, Math.Max(0, plan.Kept(prompt + more) - start) + plan.Options.Every);
        return samples * (sealedStore.At(start) + generated.At(growth));
    }

    private int RoundUp(int tokens) => (tokens + pageTokens - 1) / pageTokens * pageTokens;

    private void Add(KvLayer layer, int layers)
    {
        RandomStream random = new(1, "kv-cost");
        using ILayerStore small = Filled(layer, random, Probe), large = Filled(layer, random, Probe);
        long half = large.Bytes;
        Append(large, random, Probe);
        exact += Line.Through(half, large.Bytes) * layers;
        small.Seal();
        large.Seal();
        sealedStore += Line.Through(small.Bytes, large.Bytes) * layers;
        long start = large.Bytes;
        long[] grown = new long[Probe];
        for (int i = 0; i < Probe; i++)
        {
            Append(large, random, 1);
            grown[i] = large.Bytes - start;
        }
        double slope = grown[^1] / (double)Probe;
        // Tokens that are still exact, until their block is full.
        generated += new Line(Math.Max(0, grown.Select((bytes, i) => bytes - slope * (i + 1)).Max()), slope) * layers;
    }

    private ILayerStore Filled(KvLayer layer, RandomStream random, int tokens)
    {
        ILayerStore store = plan!.Format.Create(layer);
        Append(store, random, tokens);
        return store;
    }

    private static void Append(ILayerStore store, RandomStream random, int tokens)
    {
        float[] keys = new float[tokens * store.Layer.KvHeads * store.KeySize], values = new float[tokens * store.Layer.KvHeads * store.ValueSize];
        random.FillNormal(keys, 0, 1);
        random.FillNormal(values, 0, 1);
        store.Append(keys, values);
    }

    /// <summary>Bytes as a function of tokens.</summary>
    private readonly record struct Line(double Start, double Slope)
    {
        public long At(int tokens) => tokens <= 0 ? 0 : (long)Math.Ceiling(Start + Slope * tokens);

        /// <summary>The line through the bytes of <see cref="Probe"/> and twice as many tokens.</summary>
        public static Line Through(long once, long twice) => new(Math.Max(0, 2.0 * once - twice), (twice - once) / (double)Probe);

        public static Line operator +(Line a, Line b) => new(a.Start + b.Start, a.Slope + b.Slope);

        public static Line operator *(Line line, int times) => new(line.Start * times, line.Slope * times);
    }
}

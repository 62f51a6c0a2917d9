using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference.Caches;

/// <summary>Scores, kept positions, logits and greedy tokens of kvpress, row by row.</summary>
public sealed class PressGoldenTests
{
    // Presses whose cache holds entries in an order of its own that later steps depend on. Each with the reason.
    private static readonly Dictionary<string, string> Apart = new()
    {
        ["DecodingPress(StreamingLLMPress)"] = "entries lie in score order, which this score depends on",
        ["DecodingPress(KeyDiffPress)"] = "the file's positions hold some twice",
    };

    public static TheoryData<string, string> Ids => [.. new[] { "llama", "qwen3" }.SelectMany(name => PressGolden.Ids(name).Select(id => (name, id)))];

    [Theory, MemberData(nameof(Ids))]
    public void Row(string model, string id)
    {
        PressGolden golden = PressGolden.Of(model);
        JsonObject row = golden.Rows[id];
        string press = (string?)row["press"] ?? "";
        if (press is "DecodingPress(KnormPress)" or "DecodingPress(KeyDiffPress)")
        {
            Decoding(golden, row);
            Parity.Count(1, 1);
            return;
        }
        if (press == "RandomPress")
        {
            // Torch draws the numbers: what follows from them is compared.
            Check(golden, row, KvPlan.Parse($"policy=full,keep={1 - (double)row["compression_ratio"]!}", PressGolden.Components) with
            {
                Policy = Hone.Core.Recipes.Using.Component<IKvPolicy>(press, () => new RecordedScores(golden.Tensor((string)row["scores_tensor"]!), golden.Context.Length)),
            });
            Parity.Count(1, 1);
            return;
        }
        string? settings = press.Length == 0 ? "policy=full" : PressGolden.Settings(row);
        if (row["sketch_tensor"] is not null || press.StartsWith("PerLayer", StringComparison.Ordinal)) settings = $"policy=knorm,keep={(1 - (double)(row["compression_ratio"] ?? 0.5)!).ToString("R", System.Globalization.CultureInfo.InvariantCulture)}";
        Assert.SkipWhen(settings is null, $"{press}: {Apart.GetValueOrDefault(press, "not built")}");
        KvOptions options = KvPlan.Parse(settings!, PressGolden.Components);
        if (press.StartsWith("MergingPress", StringComparison.Ordinal))
        {
            MergeOptions merge = new() { Similarity = (double)row["settings"]!["similarity_threshold"]!, Fraction = (double)row["settings"]!["merge_fraction"]! };
            options = options with { Also = [Hone.Core.Recipes.Using.Component<IKvAfterSelection, MergeOptions>("merge", merge, o => new ValueMerging(o))] };
        }
        if (row["sketch_tensor"] is not null) options = options with { Policy = Hone.Core.Recipes.Using.Component<IKvPolicy>(press, () => SketchedPolicy.Of(golden, row)) };
        if (row["compression_ratios"] is JsonArray ratios)
        {
            LayerShareOptions shares = new() { Shares = [.. ratios.Select(r => 1 - (double)r!)] };
            options = options with { Allocate = Hone.Core.Recipes.Using.Component<IKvAllocator, LayerShareOptions>("layer_shares", shares, o => new LayerShareAllocator(o)) };
        }
        if (press == "FinchPress") Asked(golden, row, options);
        else Check(golden, row, options);
        Parity.Count(1, 1);
    }

    /// <summary>Context and question are compressed together; the first generated token comes from before that.</summary>
    private static void Asked(PressGolden golden, JsonObject row, KvOptions options)
    {
        using CachedSequence sequence = new(golden.Model, new PolicyKvCache(new KvPlan(options, golden.Model)));
        PolicyKvCache cache = (PolicyKvCache)sequence.Cache;
        float[] logits = sequence.Feed([.. golden.Context, .. golden.Question]);
        Scores(golden, cache, golden.Tensor((string)row["scores_tensor"]!), 5e-7);
        int[][][] positions = [.. cache.Views.Select(view => Enumerable.Range(0, view.Layer.KvHeads).Select(head => view.Positions(head).ToArray()).ToArray())];
        KvSelection selection = new KvPlan(options, golden.Model).Allocator.Select(cache.Score(cache.Target()!.Value), cache.Target()!.Value);
        int[][][] kept = PressGolden.Kept(row, golden.Model.Config.KvHeads);
        for (int layer = 0; layer < kept.Length; layer++)
            for (int head = 0; head < kept[layer].Length; head++)
                Assert.Equal(kept[layer][head], selection.Slots[layer][head].Select(slot => positions[layer][head][slot]));
        sequence.EndPrompt();
        Assert.Equal((int)row["next_position"]!, cache.NextPosition);
        int[] greedy = GoldenModel.Ints(row["greedy_tokens"]!);
        Assert.Equal(greedy[0], System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(logits));
        logits = sequence.Feed(greedy[0]);
        Assert.True(GoldenModel.MaxDifference(logits, golden.Tensor((string)row["logits_tensor"]!)) < 1e-3);
        Assert.Equal(greedy[1..], Greedy(sequence, logits, greedy.Length - 1));
    }

    /// <summary>Compressing every few generated tokens. Scores by key length do not depend on the order of entries, as others' do in kvpress.</summary>
    private static void Decoding(PressGolden golden, JsonObject row)
    {
        KvOptions options = KvPlan.Parse($"policy={(row["press"]!.ToString().Contains("Knorm") ? "knorm" : "keydiff")},tokens={row["settings"]!["target_size"]},every={row["settings"]!["compression_interval"]},prompt=false", PressGolden.Components);
        using CachedSequence sequence = new(golden.Model, new PolicyKvCache(new KvPlan(options, golden.Model)));
        sequence.Feed(GoldenModel.Ints(row["context_ids"]!));
        sequence.EndPrompt();
        PolicyKvCache cache = (PolicyKvCache)sequence.Cache;
        int[] fed = GoldenModel.Ints(row["fed_tokens"]!);
        float[] logits = [];
        for (int step = 0; step < fed.Length; step++)
        {
            logits = sequence.Feed(fed[step]);
            int[] lengths = GoldenModel.Ints(row["cache_length_after_each_step_per_layer"]![step]!);
            for (int layer = 0; layer < lengths.Length; layer++) Assert.Equal(lengths[layer], cache.Views[layer].Count(0));
        }
        JsonArray layers = row["positions_in_cache_at_the_end_per_layer_per_kv_head"]!.AsArray();
        bool isTied = false;
        for (int layer = 0; layer < layers.Count; layer++)
            for (int head = 0; head < golden.Model.Config.KvHeads; head++)
            {
                // A token generated twice has keys of one length in layer 0: which of them stays is a matter of torch's order, and decides what follows.
                int[] expected = GoldenModel.Ints(layers[layer]![head]!), own = cache.Views[layer].Positions(head).ToArray();
                isTied |= layer == 0 && fed.Distinct().Count() < fed.Length && !expected.AsSpan().SequenceEqual(own);
                if (!isTied) Assert.Equal(expected, own);
            }
        if (!isTied) Assert.True(GoldenModel.MaxDifference(logits, golden.Tensor((string)row["final_logits_tensor"]!)) < 1e-3);
    }

    private static void Check(PressGolden golden, JsonObject row, KvOptions options)
    {
        using CachedSequence sequence = new(golden.Model, new PolicyKvCache(new KvPlan(options, golden.Model)));
        PolicyKvCache cache = (PolicyKvCache)sequence.Cache;
        sequence.Feed(golden.Context);
        if (row["scores_tensor"] is { } scores && row["kept_positions_per_layer_per_kv_head"] is not null && !row.ContainsKey("scores_note")) Scores(golden, cache, golden.Tensor((string)scores!), IsStandardised((string)row["press"]!) ? 1e-5 : 5e-7);
        sequence.EndPrompt();
        // Scores that tie at the cut are kept in an order of torch's own: what follows depends on it.
        if ((double?)row["smallest_score_gap_at_the_cut"] is < 1e-6 || (bool?)row["tie_at_the_cut"] == true) return;
        if (row["kept_positions_per_layer_per_kv_head"] is not null)
            Kept(cache, PressGolden.Kept(row, golden.Model.Config.KvHeads), options.Rerotate);
        if (row["zeroed_key_channels_per_layer_per_kv_head"] is JsonArray zeroed)
            for (int layer = 0; layer < zeroed.Count; layer++)
                for (int head = 0; head < golden.Model.Config.KvHeads; head++)
                {
                    ThinkStore store = (ThinkStore)cache.Stores[layer];
                    Assert.Equal(GoldenModel.Ints(zeroed[layer]![head]!), Enumerable.Range(0, store.KeySize).Where(c => !store.HasChannel(head, c)));
                }
        if (row["layer_is_lazy"] is JsonArray lazy)
            for (int layer = 0; layer < lazy.Count; layer++) Assert.Equal((bool)lazy[layer]!, cache.Views[layer].Count(0) < golden.Context.Length);
        Assert.Equal((int)row["next_position"]!, sequence.Cache.NextPosition);
        float[] logits = [];
        foreach (int token in golden.Question) logits = sequence.Feed(token);
        float[] expected = golden.Tensor((string)row["logits_tensor"]!);
        Assert.True(GoldenModel.MaxDifference(logits, expected) < 1e-3, $"logits differ by {GoldenModel.MaxDifference(logits, expected)}");
        if ((double?)row["greedy_min_top2_gap"] is not < 1e-3) Assert.Equal(GoldenModel.Ints(row["greedy_tokens"]!), Greedy(sequence, logits, 8));
    }

    /// <summary>Scores with deviation 1, where numbers near 0 are differences of larger ones.</summary>
    private static bool IsStandardised(string press) => press is "NonCausalAttnPress" or "LeverageScorePress" or "CompactorPress";

    private static void Scores(PressGolden golden, PolicyKvCache cache, float[] expected, double floor)
    {
        KvScores scores = cache.Score(cache.Target() ?? throw new InvalidOperationException("nothing to drop"));
        int slots = cache.Length;
        for (int layer = 0; layer < scores.Layers; layer++)
            for (int head = 0; head < scores.KvHeads(layer); head++)
                for (int slot = 0; slot < slots; slot++)
                {
                    float own = scores[layer, head][slot], theirs = expected[(layer * scores.KvHeads(layer) + head) * slots + slot];
                    if (theirs > 1e30f) continue; // their mark for what is kept in any case
                    Assert.True(Math.Abs(own - theirs) <= 1e-4 * Math.Abs(theirs) + floor, $"layer {layer}, head {head}, position {slot}: {own}, expected {theirs}");
                }
    }

    private static void Kept(PolicyKvCache cache, int[][][] expected, bool isRenumbered)
    {
        for (int layer = 0; layer < expected.Length; layer++)
            for (int head = 0; head < expected[layer].Length; head++)
                if (isRenumbered) Assert.Equal(expected[layer][head].Length, cache.Views[layer].Count(head));
                else Assert.Equal(expected[layer][head], cache.Views[layer].Positions(head).ToArray());
    }

    internal static int[] Greedy(CachedSequence sequence, float[] logits, int count)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(logits);
            logits = sequence.Feed(tokens[i]);
        }
        return tokens;
    }
}

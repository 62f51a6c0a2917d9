using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Models.Formats;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference.Caches;

/// <summary>golden/kv/quant_cache: the transformers library's quantised cache with two backends, and pruned caches that are rounded.</summary>
public sealed class QuantCacheGoldenTests
{
    private const string File = "data/golden/kv/quant_cache.jsonl";

    public static TheoryData<string> Ids => SharedData.Path(File) is { } path ? [.. Jsonl.Read(path).Select(row => (string)row.Fields["id"]!)] : ["absent"];

    [Theory, MemberData(nameof(Ids))]
    public void Row(string id)
    {
        JsonObject row = Jsonl.Read(SharedData.Require(File)).First(r => (string)r.Fields["id"]! == id).Fields;
        using SafetensorsFile tensors = new(SharedData.Require("data/golden/kv/quant_cache.safetensors"));
        PressGolden golden = PressGolden.Of(((string)row["model"]!)["tiny-".Length..]);
        if (row["kind"] is not null) Pruned(golden, row, tensors);
        else Library(golden, row, tensors);
        Parity.Count(1, 1);
    }

    private static void Library(PressGolden golden, JsonObject row, SafetensorsFile tensors)
    {
        bool hqq = (string)row["backend"]! == "hqq";
        string Axis(string key) => (int)row[key]! switch { 0 => hqq ? "strided" : "channels", 1 => "channels", _ => "tokens" };
        string settings = $"policy=full,format=flat,bits={row["nbits"]},group={row["q_group_size"]},residual={row["residual_length"]},"
            + $"keys={Axis("axis_key")},values={Axis("axis_value")},half_quadratic={(hqq ? "true" : "false")}";
        KvPlan plan = new(KvPlan.Parse(settings, PressGolden.Components), golden.Model);
        using CachedSequence sequence = new(golden.Model, new PolicyKvCache(plan));
        PolicyKvCache cache = (PolicyKvCache)sequence.Cache;
        sequence.Feed(GoldenModel.Ints(row["context_ids"]!));
        sequence.EndPrompt();
        string id = (string)row["id"]!;
        Compare(Layer(cache, keys: true), Tensor(tensors, $"{id}.keys_layer0"), 1e-5);
        Compare(Layer(cache, keys: false), Tensor(tensors, $"{id}.values_layer0"), 1e-5);
        int[] fed = GoldenModel.Ints(row["fed_tokens"]!);
        for (int step = 0; step < fed.Length; step++)
        {
            float[] logits = sequence.Feed(fed[step]);
            if (step == 5) Compare(logits, Tensor(tensors, $"{id}.logits_step_5"), 1e-3);
            // Rounding what was rounded before puts numbers on borders between two codes, where the file's double precision decides:
            // with 4 bits by channel the logits after two such rounds differ by up to 0.08.
            bool isOnBorders = (int)row["axis_key"]! == -1 && (int)row["nbits"]! == 4;
            if (step == fed.Length - 1) Compare(logits, Tensor(tensors, $"{id}.logits_last_step"), isOnBorders ? 0.1 : 1e-3);
        }
    }

    private static void Pruned(PressGolden golden, JsonObject row, SafetensorsFile tensors)
    {
        string settings = PressGolden.Settings(golden.Rows[((string)row["kept_from"]!).Split(' ')[0]])!
            + $",format=kivi,bits={row["bits"]},group={row["group"]},residual={row["group"]},scales=single,keep_generated=true";
        using CachedSequence sequence = new(golden.Model, new PolicyKvCache(new KvPlan(KvPlan.Parse(settings, PressGolden.Components), golden.Model)));
        sequence.Feed(golden.Context);
        sequence.EndPrompt();
        Assert.Equal((int)row["next_position"]!, sequence.Cache.NextPosition);
        float[] logits = [];
        foreach (int token in golden.Question) logits = sequence.Feed(token);
        Compare(logits, Tensor(tensors, $"{row["id"]}.logits"), 1e-3);
        int[] greedy = GoldenModel.Ints(row["greedy_tokens"]!);
        Assert.Equal(greedy, PressGoldenTests.Greedy(sequence, logits, greedy.Length));
    }

    private static float[] Layer(PolicyKvCache cache, bool keys)
    {
        IKvView view = cache.Views[0];
        return [.. Enumerable.Range(0, view.Layer.KvHeads).SelectMany(head =>
        {
            float[] rows = new float[view.Count(head) * view.Layer.HeadSize];
            if (keys) view.ReadKeys(head, 0, rows);
            else view.ReadValues(head, 0, rows);
            return rows;
        })];
    }

    private static float[] Tensor(SafetensorsFile file, string name)
    {
        float[] data = new float[file.Entries[name].Count];
        file.ReadRows(name, 0, file.Entries[name].Rows, data);
        return data;
    }

    private static void Compare(float[] own, float[] expected, double tolerance)
    {
        Assert.Equal(expected.Length, own.Length);
        Assert.True(GoldenModel.MaxDifference(own, expected) < tolerance, $"largest difference {GoldenModel.MaxDifference(own, expected)}");
    }
}

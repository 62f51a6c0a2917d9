using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Methods.PrefixKv;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Methods.PrefixKv;

/// <summary>golden/kv/oracle_prefixkv: exact allocation, the released search, selection, fixed-place eviction.</summary>
public sealed class PrefixGoldenTests
{
    private static string Rows => SharedData.GoldenRows("kv/oracle_prefixkv.jsonl");

    public static TheoryData<string> Ids => [.. Jsonl.Read(Rows).Select(row => (string)row.Fields["id"]!)];

    [Theory, MemberData(nameof(Ids))]
    public void Row(string id)
    {
        JsonObject row = Jsonl.Read(Rows).First(r => (string)r.Fields["id"]! == id).Fields;
        switch ((string)row["kind"]!)
        {
            case "prefixkv_own_oracle": Allocation(row); break;
            case "prefixkv_released_float_search_own_reimplementation": Released(row); break;
            case "prefixkv_selection_own_oracle": Selection(row); break;
            case "fixed_point_eviction_own_oracle": Eviction(row); break;
            default: Assert.Fail($"unknown kind {row["kind"]}"); break;
        }
        Parity.Count(1, 1);
    }

    private static void Allocation(JsonObject row)
    {
        PriorityCurve[] curves = Curves(row);
        int budget = (int)row["budget"]!, least = (int)row["min_keep"]!;
        PrefixConfiguration found = PrefixConfiguration.Search(curves, budget, least);
        Assert.Equal(GoldenModel.Ints(row["kept_per_layer"]!), found.Kept);
        Close((double)row["threshold"]!, found.Threshold);
        Assert.Equal(GoldenModel.Ints(row["left_over_slots_went_to"]!), found.LeftOver);
        Assert.Equal(GoldenModel.Ints(row["global_sum_kept_per_layer"]!), PrefixConfiguration.GlobalSum(curves, budget, least));
        double[] shares = [.. curves.Select((curve, l) => curve.Share(found.Kept[l]))], expected = [.. row["cumulative_share_at_kept"]!.AsArray().Select(x => (double)x!)];
        double[] gini = [.. row["gini"]!.AsArray().Select(x => (double)x!)];
        for (int l = 0; l < curves.Length; l++)
        {
            Close(expected[l], shares[l]);
            Close(gini[l], curves[l].Gini);
        }
        if (row["brute_force_max_min_share"] is { } best) Close((double)best, shares.Min());
        if (row["uniform_min_share"] is { } uniform) Assert.True(shares.Min() >= (double)uniform - 1e-9);
    }

    private static void Released(JsonObject row)
    {
        ReleasedSearch found = ReleasedSearch.Run(Curves(row), (double)row["forget_ratio"]!, (int)row["start_size"]!);
        Assert.Equal((double)row["threshold"]!, found.Threshold, 9);
        Assert.Equal((int)row["iterations"]!, found.Iterations);
        Assert.Equal(GoldenModel.Ints(row["forgotten_before_rescale"]!), found.Forgotten);
        Assert.Equal(GoldenModel.Ints(row["forgotten_rescaled_floor"]!), found.Scaled);
    }

    private static void Selection(JsonObject row) => Assert.Equal(
        GoldenModel.Ints(row["kept"]!), PrefixSelection.Keep(GoldenModel.Floats(row["scores"]!), (int)row["start_size"]!, (int)row["forget"]!));

    private static void Eviction(JsonObject row)
    {
        int kept = (int)row["kept_after_prefill"]!, slots = kept, prefill = (int)row["prefill_tokens"]!;
        double share = 1 - (double)row["forget_ratio"]!;
        foreach (JsonNode? step in row["steps"]!.AsArray())
        {
            slots++;
            List<int> evicted = [];
            if (slots > (int)((prefill + (int)step!["step"]!) * share + 1e-9))
            {
                evicted.Add(PrefixSelection.FixedPlace(kept, (int)row["distance"]!, slots));
                slots--;
            }
            Assert.Equal(GoldenModel.Ints(step["evicted_cache_index"]!), evicted);
            Assert.Equal((int)step["cache_length"]!, slots);
        }
    }

    private static void Close(double expected, double actual) => Assert.True(Math.Abs(expected - actual) < 1e-8, $"{actual}, expected {expected}");

    private static PriorityCurve[] Curves(JsonObject row) =>
        [.. row["scores"]!.AsArray().Select(layer => new PriorityCurve([.. layer!.AsArray().Select(x => (double)x!)]))];
}

using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference.Caches;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference.Caches;

/// <summary>golden/kv/oracle_votes_budgets: PyramidKV's budgets, SnapKV's votes, H2O's sums at once and step by step.</summary>
public sealed class VoteGoldenTests
{
    private static string Rows => SharedData.GoldenRows("kv/oracle_votes_budgets.jsonl");

    public static TheoryData<string> Ids => [.. Jsonl.Read(Rows).Select(row => (string)row.Fields["id"]!)];

    [Theory, MemberData(nameof(Ids))]
    public void Row(string id)
    {
        JsonObject row = Jsonl.Read(Rows).First(r => (string)r.Fields["id"]! == id).Fields;
        switch ((string)row["kind"]!)
        {
            case "pyramidkv_budget_own_oracle": Pyramid(row); break;
            case "votes_own_oracle": Votes(row); break;
            case "h2o_online_own_oracle": Online(row); break;
            default: Assert.Fail($"unknown kind {row["kind"]}"); break;
        }
        Parity.Count(1, 1);
    }

    private static void Pyramid(JsonObject row)
    {
        PyramidOptions options = new() { Beta = (int)row["beta"]!, Window = (int)row["window"]! };
        int layers = (int)row["layers"]!, kept = (int)row["kept_per_layer_incl_window"]!;
        int[] budgets = PyramidAllocator.OnTop(layers, (int)row["tokens"]!, kept, options);
        Assert.Equal(GoldenModel.Ints(row["selected_largest_remainder"]!), budgets);
        Assert.Equal(layers * (kept - options.Window), budgets.Sum());
    }

    private static void Votes(JsonObject row)
    {
        float[][][] q = Heads(row["Q_rotated"]!), k = Heads(row["K_rotated"]!);
        int window = (int)row["window"]!, kernel = (int)row["kernel"]!, kept = (int)row["kept"]!, tokens = k[0].Length, size = k[0][0].Length;
        FakeView view = new(q.Length, k.Length, size);
        for (int t = 0; t < tokens; t++) view.Add([.. k.Select(head => head[t])]);
        // The file holds queries of the window alone or of all tokens; what is missing at the front is not asked for.
        float[] queries = [.. Enumerable.Range(0, q[0].Length).SelectMany(t => q.SelectMany(head => head[t]))];
        Check("max_pooled_group_mean", "kept_max_pool", new SnapKvOptions { Window = window, Kernel = kernel, Pooling = VotePooling.Max });
        Check("avg_pooled_group_mean_zero_padding_counted", "kept_avg_pool", new SnapKvOptions { Window = window, Kernel = kernel });
        ILayerScorer h2o = new H2oPolicy(new H2oOptions { Window = window }).Scorer(view.Layer);
        float[][] sums = Scores(view, h2o, queries, kept);
        Assert.Equal(row["kept_h2o_group_mean"]!.AsArray().Select(head => GoldenModel.Ints(head!)), sums.Select(head => TopSlots.Of(head, kept)));

        void Check(string votesName, string keptName, SnapKvOptions options)
        {
            float[][] scores = Scores(view, new SnapKvPolicy(options).Scorer(view.Layer), queries, kept);
            double factor = 1.0 / window; // theirs are sums over the window, ours means
            for (int head = 0; head < scores.Length; head++)
            {
                float[] expected = GoldenModel.Floats(row[votesName]![head]!);
                for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(scores[head][i] - expected[i] * factor) < 2e-7 + 1e-6 * expected[i], $"head {head}, token {i}");
                Assert.Equal(GoldenModel.Ints(row[keptName]![head]!), TopSlots.Of(scores[head], kept));
            }
        }
    }

    // Keys are unit vectors, one axis for each token, so that a query's products with them are the row of logits itself.
    private static void Online(JsonObject row)
    {
        float[][] logits = [.. row["logits_row_i_col_j"]!.AsArray().Select(r => GoldenModel.Floats(r!))];
        int tokens = logits.Length, recent = (int)row["recent"]!, most = (int)row["heavy"]! + recent;
        FakeView view = new(1, 1, tokens, scale: 1);
        ILayerScorer scorer = new H2oPolicy(new H2oOptions { Window = recent }).Scorer(view.Layer);
        List<(int Step, int Evicted)> evicted = [];
        for (int t = 0; t < tokens; t++)
        {
            view.Add([.. Enumerable.Range(0, tokens).Select(d => d == t ? 1f : 0)]);
            scorer.Observe(view, logits[t]);
            if (view.Count(0) <= most) continue;
            float[] scores = new float[view.Count(0)];
            scorer.Score(view, new KvTarget(scores.Length, most, most), [scores]);
            int[] slots = TopSlots.Of(scores, most);
            evicted.Add((t, view.Positions(0)[Enumerable.Range(0, scores.Length).Except(slots).Single()]));
            view.Keep(slots);
            scorer.Keep(0, slots);
        }
        Assert.Equal(row["step_and_evicted"]!.AsArray().Select(s => ((int)s![0]!, (int)s[1]!)), evicted);
        Assert.Equal(GoldenModel.Ints(row["final_cache"]!), view.Positions(0).ToArray());
    }

    private static float[][] Scores(FakeView view, ILayerScorer scorer, float[] queries, int kept)
    {
        scorer.Observe(view, queries);
        float[][] scores = [.. Enumerable.Range(0, view.Layer.KvHeads).Select(head => new float[view.Count(head)])];
        scorer.Score(view, new KvTarget(view.Count(0), kept, kept), scores);
        return scores;
    }

    private static float[][][] Heads(JsonNode node) => [.. node.AsArray().Select(head => head!.AsArray().Select(token => GoldenModel.Floats(token!)).ToArray())];
}

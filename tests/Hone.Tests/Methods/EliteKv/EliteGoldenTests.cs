using System.Text.Json;
using Hone.Methods.EliteKv;

namespace Hone.Tests.Methods.EliteKv;

/// <summary>Ranking, factorisation and sizes against values computed elsewhere.</summary>
public sealed class EliteGoldenTests
{
    private const double Tolerance = 1e-8;

    [Fact]
    public void Greedy_orders_and_distances()
    {
        foreach (JsonElement row in Rows("ropelite_own_oracle"))
        {
            ChunkScores[] heads = Heads(row);
            JsonElement[] golden = [.. row.GetProperty("heads").EnumerateArray()];
            for (int h = 0; h < heads.Length; h++)
            {
                ChunkOrder order = RopElite.Rank(heads[h]);
                Assert.Equal(Ints(golden[h].GetProperty("order")), order.Order);
                Same(Numbers(golden[h].GetProperty("distance_after_each_step")), order.Distances);
                Same([golden[h].GetProperty("distance_with_none_rotated").GetDouble()], [heads[h].Distance([])]);
            }
            ChunkOrder shared = RopElite.Rank(heads);
            Assert.Equal(Ints(row.GetProperty("group_shared_order")), shared.Order);
            Same(Numbers(row.GetProperty("group_shared_sum_of_distances")), shared.Distances);
        }
    }

    [Fact]
    public void Exhaustive_uniform_and_contribution()
    {
        foreach (JsonElement row in Rows("ropelite_own_oracle"))
        {
            ChunkScores[] heads = Heads(row);
            JsonElement[] golden = [.. row.GetProperty("heads").EnumerateArray()];
            for (int h = 0; h < heads.Length; h++)
            {
                int chunks = heads[h].Chunks;
                for (int r = 1; r <= chunks; r++)
                {
                    JsonElement best = golden[h].GetProperty("exhaustive_best_per_size")[r - 1];
                    (int[] set, double distance) = RopElite.BestSet([heads[h]], r);
                    Same([best[0].GetDouble()], [distance]);
                    if (distance > 1e-12) Assert.Equal(Ints(best[1]), set);
                    int[] uniform = ChunkRanking.Grid(r, chunks);
                    Assert.Equal(Ints(golden[h].GetProperty("uniform_choice_linspace_floor")[r - 1]), uniform);
                    Same([golden[h].GetProperty("uniform_distance")[r - 1].GetDouble()], [heads[h].Distance(uniform)]);
                }
                double[] contributions = heads[h].Contributions;
                Assert.Equal(
                    Ints(golden[h].GetProperty("contribution_order_mean_rotated_term_all_causal_pairs")),
                    Enumerable.Range(0, chunks).OrderByDescending(i => contributions[i]));
            }
        }
    }

    [Fact]
    public void Planted_chunks_come_first()
    {
        JsonElement row = Rows("ropelite_own_oracle").Single(r => r.GetProperty("planted_chunks").ValueKind == JsonValueKind.Array);
        int[] planted = Ints(row.GetProperty("planted_chunks"));
        foreach (ChunkScores head in Heads(row)) Assert.Equal(planted.Order(), RopElite.Rank(head).Order.Take(planted.Length).Order());
    }

    [Fact]
    public void Joint_and_separate_factors()
    {
        foreach (JsonElement row in Rows("j_lrd_own_oracle"))
        {
            JsonElement keys = row.GetProperty("W_k_[d][head][d_h]"), values = row.GetProperty("W_v_[d][head][d_h]");
            int[][] elite = [.. row.GetProperty("elite_chunks_per_head").EnumerateArray().Select(Ints)];
            (int d, int heads, int size) = (keys.GetArrayLength(), keys[0].GetArrayLength(), keys[0][0].GetArrayLength());
            List<float[]> joint = [], plain = [], value = [];
            for (int h = 0; h < heads; h++)
            {
                float[][] own = [.. Enumerable.Range(0, size).Where(c => !elite[h].Contains(c % (size / 2))).Select(c => Column(keys, h, c))];
                float[][] ownValues = [.. Enumerable.Range(0, size).Select(c => Column(values, h, c))];
                joint.AddRange([.. own, .. ownValues]);
                plain.AddRange(own);
                value.AddRange(ownValues);
            }
            LowRank both = Of(joint, d), k = Of(plain, d), v = Of(value, d);
            double[] singular = Numbers(row.GetProperty("singular_values_joint"));
            Assert.Equal(singular.Length, both.SingularValues.Length);
            for (int i = 0; i < singular.Length; i++) Assert.Equal(singular[i], both.SingularValues[i], 1e-5);
            int chunks = elite[0].Length;
            foreach (JsonElement entry in row.GetProperty("table").EnumerateArray())
            {
                int c = entry.GetProperty("c").GetInt32(), split = entry.GetProperty("separate_best_split_c_k").GetInt32();
                double total = both.SingularValues.Sum(s => s * s), error = Math.Pow(both.Error(c), 2), separate = Squared(k, split) + Squared(v, c - split);
                Assert.Equal(entry.GetProperty("joint_squared_error").GetDouble(), error, 1e-5 * total);
                Assert.Equal(entry.GetProperty("separate_squared_error").GetDouble(), separate, 1e-5 * total);
                Assert.Equal(entry.GetProperty("retained_energy").GetDouble(), both.Energy(c), 1e-6);
                Assert.Equal(entry.GetProperty("cache_ratio").GetDouble(), new EliteShape(chunks, c).Ratio(heads, size), 1e-9);
                for (int other = 0; other <= c; other++)
                    Assert.True(error <= Squared(k, other) + Squared(v, c - other) + 1e-6 * total, "one latent never loses more than two of the same width together");
            }
        }

        static double Squared(LowRank factors, int rank) => Math.Pow(factors.Error(rank), 2);
        static LowRank Of(List<float[]> rows, int d) => new([.. rows.SelectMany(r => r)], rows.Count, d);
        static float[] Column(JsonElement weights, int head, int channel) => [.. weights.EnumerateArray().Select(input => input[head][channel].GetSingle())];
    }

    [Fact]
    public void Ratios_and_bounds()
    {
        foreach (JsonElement row in Rows("elitekv_cache_ratio_formula"))
        {
            (int heads, int size, int r, int c) = (row.GetProperty("heads").GetInt32(), row.GetProperty("head_dim").GetInt32(), row.GetProperty("r").GetInt32(), row.GetProperty("c").GetInt32());
            Assert.Equal(row.GetProperty("ratio").GetDouble(), new EliteShape(r, c).Ratio(heads, size), 1e-9);
            Assert.Equal(row.GetProperty("no_growth_bound_c").GetDouble(), EliteShape.NoGrowthBound(heads * size, heads, size, r), 1e-4);
        }
    }

    private static IEnumerable<JsonElement> Rows(string kind) => File.ReadLines(SharedData.Golden("kv/oracle_elitekv.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement).Where(row => row.GetProperty("kind").GetString() == kind).ToList();

    private static ChunkScores[] Heads(JsonElement row)
    {
        double rope = row.GetProperty("rope_base").GetDouble();
        return [.. row.GetProperty("q_unrotated").EnumerateArray().Zip(row.GetProperty("k_unrotated").EnumerateArray(), (q, k) =>
        {
            float[][] queries = Matrix(q), keys = Matrix(k);
            int size = queries[0].Length;
            double[] frequencies = [.. Enumerable.Range(0, size / 2).Select(i => Math.Pow(rope, -2.0 * i / size))];
            ChunkScores scores = new(size / 2);
            for (int m = 0; m < queries.Length; m++)
                for (int n = 0; n <= m; n++) scores.Add(queries[m], keys[n], m - n, frequencies, 1 / Math.Sqrt(size));
            return scores;
        })];
    }

    private static float[][] Matrix(JsonElement rows) => [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetSingle()).ToArray())];

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetInt32())];

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetDouble())];

    // Queries and keys are fp32 here and doubles in the file: the last digits differ.
    private static void Same(double[] expected, double[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - found[i]) <= Tolerance + 1e-7 * Math.Abs(expected[i]), $"{expected[i]} expected, {found[i]} found");
    }
}

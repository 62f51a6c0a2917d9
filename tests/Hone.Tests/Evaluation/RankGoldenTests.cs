using System.Text.Json.Nodes;
using Hone.Evaluation.Statistics;

namespace Hone.Tests.Evaluation;

public class RankGoldenTests
{
    [Fact]
    public void RanksWithTies()
    {
        foreach (JsonObject row in GoldenRows.Read("rankdata.jsonl"))
            foreach (TieRule rule in Enum.GetValues<TieRule>())
                Assert.Equal(row[rule.ToString().ToLowerInvariant()].Numbers(), Ranks.Of(row["values"].Numbers(), rule));
    }

    [Fact]
    public void WilcoxonWithEveryRuleForZeros()
    {
        Dictionary<string, ZeroRule> rules = new() { ["wilcox"] = ZeroRule.LeaveOut, ["pratt"] = ZeroRule.Pratt, ["zsplit"] = ZeroRule.Split };
        Dictionary<string, PValueMethod> methods = new() { ["approx"] = PValueMethod.Approximate, ["exact"] = PValueMethod.Exact, ["auto"] = PValueMethod.Auto };
        foreach (JsonObject row in GoldenRows.Read("paired_tests.jsonl"))
        {
            foreach ((string key, JsonNode? expected) in row["wilcoxon"]!.AsObject())
            {
                string[] parts = key.Split('|');
                (double statistic, double p) = Wilcoxon.Test(row["x"].Numbers(), row["y"].Numbers(), rules[parts[0]], methods[parts[2]], parts[1] == "correction=true");
                GoldenRows.Close(expected.Numbers()[0], statistic, 1e-8, $"{row["id"]} {key} statistic");
                GoldenRows.Close(expected.Numbers()[1], p, 1e-8, $"{row["id"]} {key} p");
            }
        }
    }

    [Fact]
    public void MannWhitneyWelchAndCorrelations()
    {
        foreach (JsonObject row in GoldenRows.Read("paired_tests.jsonl"))
        {
            double[] x = row["x"].Numbers(), y = row["y"].Numbers(), z = row["z"].Numbers();
            foreach ((string key, JsonNode? expected) in row["mannwhitneyu_x_z"]!.AsObject())
            {
                string[] parts = key.Split('|');
                Alternative side = StatisticsGoldenTests.SideOf(parts[0]);
                (double u, double p) = parts[2] == "exact" ? RankTests.MannWhitneyExact(x, z, side) : RankTests.MannWhitney(x, z, side, parts[1] == "continuity=true");
                GoldenRows.Close(expected.Numbers()[0], u, 1e-8, $"{row["id"]} {key} U");
                GoldenRows.Close(expected.Numbers()[1], p, 1e-8, $"{row["id"]} {key} p");
            }
            (double t, double welch, double degrees) = PairedTests.Welch(x, y);
            GoldenRows.Close(row["welch"]!["statistic"].Number(), t, 1e-8, $"{row["id"]} welch");
            GoldenRows.Close(row["welch"]!["pvalue"].Number(), welch, 1e-8, $"{row["id"]} welch");
            GoldenRows.Close(row["welch"]!["df"].Number(), degrees, 1e-8, $"{row["id"]} welch");
            foreach ((string name, (double r, double p)) in new[] { ("pearsonr", RankTests.Pearson(x, y)), ("spearmanr", RankTests.Spearman(x, y)) })
            {
                GoldenRows.Close(row["correlation"]![name].Numbers()[0], r, 1e-8, $"{row["id"]} {name}");
                GoldenRows.Close(row["correlation"]![name].Numbers()[1], p, 1e-8, $"{row["id"]} {name}");
            }
        }
    }

    [Fact]
    public void TablesAndSeveralTests()
    {
        Dictionary<string, Func<IReadOnlyList<double>, double[]>> corrections = new()
        {
            ["bonferroni"] = MultipleTesting.Bonferroni,
            ["holm"] = MultipleTesting.Holm,
            ["fdr_bh"] = MultipleTesting.BenjaminiHochberg,
            ["fdr_by"] = MultipleTesting.BenjaminiYekutieli,
            ["sidak"] = MultipleTesting.Sidak,
        };
        foreach (JsonObject row in GoldenRows.Read("contingency_tests.jsonl"))
        {
            string id = row["id"].Text();
            switch (row["test"].Text())
            {
                case "fisher_exact":
                    double[][] table = [.. row["table"]!.AsArray().Select(r => r.Numbers())];
                    foreach (string side in new[] { "two-sided", "less", "greater" })
                        GoldenRows.Close(row[side].Number(), Contingency.Fisher((long)table[0][0], (long)table[0][1], (long)table[1][0], (long)table[1][1], StatisticsGoldenTests.SideOf(side)), 1e-8, $"{id} {side}");
                    GoldenRows.Close(row["chi2_yates"].Numbers()[1], Contingency.Independence(table).PValue, 1e-8, id);
                    GoldenRows.Close(row["chi2"].Numbers()[0], Contingency.Independence(table, yates: false).Statistic, 1e-8, id);
                    break;
                case "chi2_contingency":
                    (double statistic, double p, int degrees) = Contingency.Independence([.. row["table"]!.AsArray().Select(r => r.Numbers())]);
                    GoldenRows.Close(row["statistic"].Number(), statistic, 1e-8, id);
                    GoldenRows.Close(row["pvalue"].Number(), p, 1e-8, id);
                    Assert.Equal(row["dof"].Number(), degrees);
                    break;
                case "chisquare_uniform":
                    GoldenRows.Close(row["pvalue"].Number(), Contingency.Uniform(row["observed"].Numbers()).PValue, 1e-8, id);
                    break;
                case "multipletests":
                    double[] adjusted = corrections[row["method"].Text()](row["pvalues"].Numbers());
                    foreach ((double e, double v) in row["adjusted"].Numbers().Zip(adjusted)) GoldenRows.Close(e, v, 1e-8, $"{id} {row["method"]}");
                    break;
            }
        }
    }

    [Fact]
    public void StepwiseCorrectionsByHand()
    {
        // Sorted 0.01, 0.02, 0.04: Holm 0.03, 0.04, 0.04; Hochberg 0.03, 0.04, 0.04; Holm–Šidák 1−0.99³, 1−0.98², max.
        double[] p = [0.04, 0.01, 0.02];
        Assert.Equal([0.04, 0.03, 0.04], MultipleTesting.Hochberg(p).Select(v => Math.Round(v, 12)));
        Assert.Equal([0.04, 0.029701, 0.0396], MultipleTesting.HolmSidak(p).Select(v => Math.Round(v, 12)));
    }

    [Fact]
    public void PairedComparisonByHand()
    {
        bool[] before = [true, true, false, false, false, false, false, false, false, false];
        bool[] after = [true, false, true, true, true, true, true, true, false, false];
        PairedComparison comparison = PairedComparison.Of(before, after);
        Assert.Equal((10, 6, 1), (comparison.Count, comparison.Gained, comparison.Lost));
        Assert.Equal((0.2, 0.7, 0.5), (comparison.Before.Value, comparison.After.Value, comparison.Difference.Value));
        // Seven items differ, one of them to the worse: 2 · (1 + 7) / 2^7.
        Assert.Equal(0.125, comparison.PValue, 1e-12);
        Assert.InRange(comparison.Difference.Low, -0.05, 0.1);
        Assert.InRange(comparison.Difference.High, 0.75, 0.95);
        Assert.Throws<ArgumentException>(() => PairedComparison.Of([true], []));
    }
}

using System.Text.Json.Nodes;
using Hone.Evaluation.Metrics;
using Hone.Evaluation.Statistics;

namespace Hone.Tests.Evaluation;

public class StatisticsGoldenTests
{
    [Fact]
    public void ProportionIntervals()
    {
        Dictionary<string, Func<long, long, double, Interval>> rules = new()
        {
            ["wilson"] = Proportions.Wilson,
            ["exact"] = Proportions.ClopperPearson,
            ["wilsoncc"] = Proportions.WilsonContinuity,
            ["agresti_coull"] = Proportions.AgrestiCoull,
            ["jeffreys"] = Proportions.Jeffreys,
            ["normal"] = Proportions.NormalApproximation,
        };
        foreach (JsonObject row in GoldenRows.Read("proportion_intervals.jsonl"))
        {
            foreach ((string name, Func<long, long, double, Interval> rule) in rules)
            {
                Interval interval = rule((long)row["k"].Number(), (long)row["n"].Number(), row["level"].Number());
                double[] expected = row[name].Numbers();
                GoldenRows.Close(expected[0], interval.Low, 1e-8, $"{row["id"]} {name} low");
                GoldenRows.Close(expected[1], interval.High, 1e-8, $"{row["id"]} {name} high");
            }
        }
    }

    [Fact]
    public void DistributionFunctions()
    {
        foreach (JsonObject row in GoldenRows.Read("distributions.jsonl"))
        {
            string kind = row["dist"].Text();
            if (kind is "binom" or "special") continue;
            double[] p = [.. new[] { "df", "a", "b", "dfn", "dfd" }.Where(row.ContainsKey).Select(n => row[n].Number())];
            (Func<double, double> cdf, Func<double, double> quantile) = kind switch
            {
                "norm" => ((Func<double, double>)Distributions.Gauss, (Func<double, double>)Distributions.GaussQuantile),
                "t" => (x => Distributions.StudentT(x, p[0]), q => Distributions.StudentTQuantile(p[0], q)),
                "chi2" => (x => Distributions.ChiSquare(x, p[0]), q => Distributions.ChiSquareQuantile(p[0], q)),
                "beta" => (x => Distributions.BetaCdf(p[0], p[1], x), q => Distributions.BetaQuantile(p[0], p[1], q)),
                _ => (x => Distributions.F(x, p[0], p[1]), q => Distributions.FQuantile(p[0], p[1], q)),
            };
            foreach ((double x, double y) in row["x"].Numbers().Zip(row["cdf"].Numbers())) GoldenRows.Close(y, cdf(x), 1e-8, $"{row["id"]} cdf({x})");
            foreach ((double q, double x) in row["q"].Numbers().Zip(row["ppf"].Numbers())) GoldenRows.Close(x, quantile(q), 1e-8, $"{row["id"]} ppf({q})");
        }
    }

    [Fact]
    public void BinomialDistribution()
    {
        foreach (JsonObject row in GoldenRows.Read("distributions.jsonl").Where(r => r["dist"].Text() == "binom"))
        {
            (long n, double p) = ((long)row["n"].Number(), row["p"].Number());
            double[] k = row["k"].Numbers();
            for (int i = 0; i < k.Length; i++)
            {
                GoldenRows.Close(row["pmf"].Numbers()[i], Distributions.BinomialPoint(n, p, (long)k[i]), 1e-8, $"{row["id"]} pmf");
                GoldenRows.Close(row["cdf"].Numbers()[i], Distributions.Binomial(n, p, (long)k[i]), 1e-8, $"{row["id"]} cdf");
                GoldenRows.Close(row["sf"].Numbers()[i], Distributions.BinomialTail(n, p, (long)k[i]), 1e-8, $"{row["id"]} sf");
            }
        }
    }

    [Fact]
    public void BinomialAndMcNemarTests()
    {
        int tried = 0;
        foreach (JsonObject row in GoldenRows.Read("contingency_tests.jsonl"))
        {
            if (row["test"].Text() == "binomtest")
            {
                double p = PairedTests.Binomial((long)row["k"].Number(), (long)row["n"].Number(), row["p"].Number(), SideOf(row["alternative"].Text()));
                GoldenRows.Close(row["pvalue"].Number(), p, 1e-8, row["id"].Text());
                tried++;
            }
            else if (row["test"].Text() == "mcnemar")
            {
                long first = (long)row["table"]![0]![1].Number(), second = (long)row["table"]![1]![0].Number();
                GoldenRows.Close(row["exact"]!["pvalue"].Number(), PairedTests.McNemarExact(first, second), 1e-8, row["id"].Text());
                foreach ((string name, bool corrected) in new[] { ("chi2_correction_true", true), ("chi2_correction_false", false) })
                {
                    (double statistic, double p) = PairedTests.McNemarChiSquare(first, second, corrected);
                    GoldenRows.Close(row[name]!["statistic"].Number(), statistic, 1e-8, row["id"].Text());
                    GoldenRows.Close(row[name]!["pvalue"].Number(), p, 1e-8, row["id"].Text());
                }
                tried++;
            }
        }
        Assert.Equal(20, tried);
    }

    [Fact]
    public void PairedStudentTest()
    {
        foreach (JsonObject row in GoldenRows.Read("paired_tests.jsonl"))
        {
            (double statistic, double p, Interval difference) = PairedTests.StudentT(row["x"].Numbers(), row["y"].Numbers());
            JsonNode expected = row["ttest_rel"]!;
            GoldenRows.Close(expected["statistic"].Number(), statistic, 1e-8, $"{row["id"]} t");
            GoldenRows.Close(expected["pvalue"].Number(), p, 1e-8, $"{row["id"]} p");
            GoldenRows.Close(expected["ci95_mean_diff"].Numbers()[0], difference.Low, 1e-8, $"{row["id"]} low");
            GoldenRows.Close(expected["ci95_mean_diff"].Numbers()[1], difference.High, 1e-8, $"{row["id"]} high");
        }
    }

    [Fact]
    public void BootstrapIntervals()
    {
        int tried = 0;
        foreach (JsonObject row in GoldenRows.Read("bootstrap.jsonl"))
        {
            double[] x = row["x"].Numbers();
            if (row["y"] is { } y) x = [.. x.Zip(y.Numbers(), (a, b) => a - b)];
            Func<IReadOnlyList<double>, double> statistic = row["statistic"].Text() switch
            {
                "median" => v => Means.Quantile(v, 0.5),
                "population std" => v => Math.Sqrt(Means.Variance(v) * (v.Count - 1) / v.Count),
                _ => Means.Mean,
            };
            double[] distribution = [.. row["resample_indices"]!.AsArray().Select(r => statistic([.. r.Numbers().Select(i => x[(int)i])]))];
            GoldenRows.Close(row["standard_error"].Number(), Math.Sqrt(Means.Variance(distribution)), 1e-8, $"{row["id"]} error");
            foreach (double level in new[] { 0.95, 0.9 })
            {
                Interval[] intervals =
                [
                    Bootstrap.Percentile(statistic(x), distribution, level),
                    Bootstrap.Basic(statistic(x), distribution, level),
                    Bootstrap.BiasCorrected(statistic(x), distribution, Bootstrap.Jackknife(x, statistic), level),
                ];
                foreach ((string name, Interval interval) in new[] { "percentile", "basic", "BCa" }.Zip(intervals))
                {
                    if (row[FormattableString.Invariant($"{name}|{level}")] is not { } ends) continue;
                    GoldenRows.Close(ends.Numbers()[0], interval.Low, 1e-8, $"{row["id"]} {name} low");
                    GoldenRows.Close(ends.Numbers()[1], interval.High, 1e-8, $"{row["id"]} {name} high");
                    tried++;
                }
            }
        }
        Assert.Equal(36, tried);
    }

    [Fact]
    public void ExactPermutationTests()
    {
        RandomStream random = new(1);
        foreach (JsonObject row in GoldenRows.Read("permutation_exact.jsonl"))
        {
            foreach (string side in new[] { "two-sided", "less", "greater" })
            {
                (double[] x, double[] y) = (row["x"].Numbers(), row["y"].Numbers());
                GoldenRows.Close(row[$"independent|{side}"].Number(), PermutationTests.Independent(x, y, SideOf(side), random), 1e-9, $"{row["id"]} independent {side}");
                if (row[$"samples|{side}"] is { } paired)
                    GoldenRows.Close(paired.Number(), PermutationTests.Paired(x, y, SideOf(side), random), 1e-9, $"{row["id"]} paired {side}");
            }
        }
    }

    [Fact]
    public void PassAtKAndVotes()
    {
        int tried = 0;
        foreach (JsonObject row in GoldenRows.Read("pass_at_k.jsonl").Where(r => r["columns"] is not null))
        {
            foreach (JsonNode? entry in row["rows"]!.AsArray())
            {
                double[] v = entry.Numbers();
                GoldenRows.Close(v[3], Sampling.PassAtK((int)v[0], (int)v[1], (int)v[2]), 1e-9, entry!.ToJsonString());
                GoldenRows.Close(v[4], Sampling.PassHatK((int)v[0], (int)v[1], (int)v[2]), 1e-9, entry.ToJsonString());
                tried++;
            }
        }
        Assert.True(tried > 20);
        foreach (JsonObject row in GoldenRows.Read("best_of_n_vote.jsonl"))
        {
            string?[] answers = [.. row["answers"]!.AsArray().Select(a => a?.GetValue<string>())];
            Assert.Equal(row["majority"]?.GetValue<string>(), Sampling.MajorityVote(answers));
            foreach (string rule in new[] { "last", "min", "prod" })
            {
                double[] scores = [.. row["step_scores"]!.AsArray().Select(s => rule switch
                {
                    "last" => s.Numbers()[^1],
                    "min" => s.Numbers().Min(),
                    _ => s.Numbers().Aggregate(1.0, (a, b) => a * b),
                })];
                Assert.Equal(row[rule]!["naive"]?.GetValue<string>(), answers[Sampling.Best(scores)]);
                Assert.Equal(row[rule]!["weighted"]?.GetValue<string>(), Sampling.WeightedVote(answers.Zip(scores)));
            }
        }
    }

    [Fact]
    public void ClusteredErrorsAndMeanErrors()
    {
        foreach (JsonObject row in GoldenRows.Read("clustered_se.jsonl"))
        {
            double[] x = row["x"].Numbers();
            GoldenRows.Close(row["clustered_se"].Number(), Means.ClusteredStandardError(x, [.. row["cluster"].Numbers().Select(c => (int)c)]), 1e-9, row["id"].Text());
            GoldenRows.Close(row["plain_se"].Number(), Means.StandardError(x), 1e-9, row["id"].Text());
        }
        foreach (JsonObject row in GoldenRows.Read("lm_eval_aggregation.jsonl").Where(r => r["kind"].Text() == "mean_stderr"))
        {
            GoldenRows.Close(row["mean"].Number(), Means.Mean(row["values"].Numbers()), 1e-8, row["id"].Text());
            GoldenRows.Close(row["stderr"].Number(), Means.StandardError(row["values"].Numbers()), 1e-8, row["id"].Text());
        }
    }

    [Fact]
    public void MultipleChoiceByLikelihood()
    {
        foreach (JsonObject row in GoldenRows.Read("multiple_choice.jsonl"))
        {
            (double[] logs, string[] choices) = (row["loglikelihoods"].Numbers(), row["choices"].Texts());
            Assert.Equal((int)row["pred"].Number(), MultipleChoice.ByLikelihood(logs));
            Assert.Equal((int)row["pred_norm"].Number(), MultipleChoice.PerCharacter(logs, choices));
            Assert.Equal((int)row["pred_bytes"].Number(), MultipleChoice.PerByte(logs, choices));
            foreach ((double e, double a) in row["softmax"].Numbers().Zip(MultipleChoice.Probabilities(logs))) GoldenRows.Close(e, a, 1e-9, row["id"].Text());
        }
        foreach (JsonObject row in GoldenRows.Read("multiple_choice_variants.jsonl"))
        {
            double[] logs = row["loglikelihoods"].Numbers();
            if (row["kind"].Text() == "mutual_info")
            {
                Assert.Equal(row["acc"].Number() == 1, MultipleChoice.ByLikelihood(logs) == row["gold"].Number());
                Assert.Equal(row["acc_mutual_info"].Number() == 1, MultipleChoice.ByMutualInformation(logs, row["unconditional"].Numbers()) == row["gold"].Number());
            }
            else
            {
                double[] golds = row["golds"].Numbers();
                Assert.Equal(row["acc"].Number() == 1, golds.Contains(MultipleChoice.ByLikelihood(logs)));
                Assert.Equal(row["acc_norm"].Number() == 1, golds.Contains(MultipleChoice.PerCharacter(logs, row["choices"].Texts())));
            }
        }
    }

    [Fact]
    public void RollingPerplexity()
    {
        IReadOnlyList<JsonObject> rows = GoldenRows.Read("rolling_perplexity.jsonl");
        // The harness counts a document without bytes as one word, but leaves it out of the figures per byte.
        double logs = 0, words = 0, bytes = 0, allLogs = 0;
        foreach (JsonObject row in rows.Where(r => r["kind"].Text() == "rolling_doc"))
        {
            Assert.Equal((int)row["words"].Number(), Perplexity.Words(row["text"].Text()));
            Assert.Equal((int)row["bytes"].Number(), Perplexity.Bytes(row["text"].Text()));
            (allLogs, words) = (allLogs + row["loglikelihood"].Number(), words + row["words"].Number());
            if (row["bytes"].Number() > 0) (logs, bytes) = (logs + row["loglikelihood"].Number(), bytes + row["bytes"].Number());
        }
        JsonObject corpus = rows.Single(r => r["kind"].Text() == "rolling_corpus");
        GoldenRows.Close(corpus["word_perplexity"].Number(), Perplexity.Per(allLogs, words), 1e-8, "word");
        GoldenRows.Close(corpus["byte_perplexity"].Number(), Perplexity.Per(logs, bytes), 1e-8, "byte");
        GoldenRows.Close(corpus["bits_per_byte"].Number(), Perplexity.BitsPerByte(logs, bytes), 1e-8, "bits");
    }

    internal static Alternative SideOf(string name) => name switch { "less" => Alternative.Less, "greater" => Alternative.Greater, _ => Alternative.TwoSided };
}

using System.Text.Json.Nodes;
using Hone.Models.Formats;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;
using Hone.Training.Objectives.Values;

namespace Hone.Tests.Training;

/// <summary>Losses, gradients and metrics on given numbers beside TRL's.</summary>
public class PreferenceLossGoldenTests
{
    private const string Folder = GoldenModels.Folder + "objectives/";

    [Fact]
    public void Losses_of_direct_preference_optimisation()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "dpo.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject settings = row["settings"]!.AsObject();
            PreferenceOptions options = Options(settings);
            options.Check();
            GoldenPairs pairs = new(row["completion_mask"]!);
            PairLayout layout = new(pairs.Batch);
            double[]? squares = options.UseWeighting ? pairs.Laid(row["log_sum_sq_probs"]!) : null;
            (double loss, double[] gradient, PairScores scores) =
                DpoObjective.Evaluate(layout, pairs.Laid(row["policy_logps"]!), pairs.Laid(row["ref_logps"]!), squares, options);
            double tolerance = (string)row["dtype"]! == "float64" && !options.LossType.Contains("exo") ? 4e-8 : options.LossType.Contains("exo") ? 2e-7 : 2e-5;
            GoldenModels.Near((double)row["loss"]!, loss, tolerance, id);
            GoldenPairs.CheckWhere(GoldenPairs.Next(row["completion_mask"]!), GoldenJson.Flat(row["grad_policy_logps"]!), pairs.Back(gradient), Math.Max(tolerance, 1e-7), id + " gradient");
            CheckDpoMetrics(row, pairs, layout, scores, options, id);
            done++;
        }
        GoldenJson.AllDone(78, done);
    }

    [Fact]
    public void Losses_on_judged_answers()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "kto.jsonl"))
        {
            JsonObject s = row["settings"]!.AsObject();
            KtoOptions options = new() { Beta = (double)s["beta"]!, LossType = (string)s["loss_type"]!, DesirableWeight = (double)s["desirable_weight"]!, UndesirableWeight = (double)s["undesirable_weight"]! };
            bool[] good = [.. row["label"]!.AsArray().Select(l => (bool)l!)];
            ColumnGraph graph = new();
            Column policy = graph.Variable(GoldenJson.Flat(row["policy_logps"]!));
            Column sums = RowSums(policy, row["completion_mask"]!);
            Column ratios = sums - RowSums(graph.Constant(GoldenJson.Flat(row["ref_logps"]!)), row["completion_mask"]!);
            double kl = row["policy_KL_logps"] is not JsonNode mismatched ? 0 : KtoLoss.Kl(
                (RowSums(graph.Constant(GoldenJson.Flat(mismatched)), row["KL_completion_mask"]!) - RowSums(graph.Constant(GoldenJson.Flat(row["ref_KL_logps"]!)), row["KL_completion_mask"]!)).Values);
            Column loss = KtoLoss.PerRow(ratios, good, kl, options).Mean();
            graph.Backward(loss);
            string id = (string)row["id"]!;
            GoldenModels.Near((double)row["loss"]!, loss.Values[0], 4e-8, id);
            GoldenPairs.CheckWhere(GoldenPairs.Next(row["completion_mask"]!), GoldenJson.Flat(row["grad_policy_logps"]!), policy.Gradients, 1e-7, id + " gradient");
            MetricSums metrics = new();
            KtoObjective.AddMetrics(metrics, good, sums.Values, [.. ratios.Values.Select(r => options.Beta * r)]);
            metrics.Add("kl", kl);
            GoldenPairs.CheckMetrics(row["metrics"]!.AsObject(), metrics, 1e-7, id);
            done++;
        }
        GoldenJson.AllDone(24, done);
    }

    [Fact]
    public void Losses_of_reward_models()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "reward.jsonl"))
        {
            ColumnGraph graph = new();
            Column chosen = graph.Variable(GoldenJson.Flat(row["rewards_chosen"]!)), rejected = graph.Variable(GoldenJson.Flat(row["rewards_rejected"]!));
            double[]? margins = row["margin"] is JsonArray margin ? GoldenJson.Flat(margin) : null;
            Column loss = RewardLoss.PerPair(chosen, rejected, margins, (double?)row["settings"]!["center_rewards_coefficient"] ?? 0).Mean();
            graph.Backward(loss);
            string id = (string)row["id"]!;
            GoldenModels.Near((double)row["loss"]!, loss.Values[0], 4e-8, id);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad_rewards_chosen"]!), chosen.Gradients, 1e-7, id);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad_rewards_rejected"]!), rejected.Gradients, 1e-7, id);
            MetricSums metrics = new();
            RewardObjective.AddMetrics(metrics, chosen.Values, rejected.Values);
            GoldenPairs.CheckMetrics(row["metrics"]!.AsObject(), metrics, 1e-7, id);
            done++;
        }
        GoldenJson.AllDone(18, done);
    }

    [Fact]
    public void Losses_without_a_reference()
    {
        int done = 0;
        using SafetensorsFile file = new(SharedData.Require(Folder + "cpo_orpo.safetensors"));
        foreach (JsonObject row in GoldenJson.Rows(Folder + "cpo_orpo.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            int[][] labels = [.. row["labels"]!.AsArray().Select(r => (int[])[.. r!.AsArray().Select(n => (int)n!)])];
            int[][] ids = [.. row["input_ids"]!.AsArray().Select(r => (int[])[.. r!.AsArray().Select(n => (int)n!)])];
            double[][] attention = [.. row["attention_mask"]!.AsArray().Select(r => GoldenJson.Flat(r!))];
            GoldenPairs pairs = new(new JsonArray([.. labels.Select(r => (JsonNode)new JsonArray([.. r.Select(l => (JsonNode)(l == -100 ? 0.0 : 1.0))]))]));
            PairLayout layout = new(pairs.Batch);
            (int rows, int width) = (ids.Length, ids[0].Length);
            float[] logits = GoldenModels.Recorded(file, ((string)row["logits"]!).Split(':')[1]);
            int vocabulary = logits.Length / (rows * width);
            double[][][] probabilities = [.. Enumerable.Range(0, rows).Select(r => Enumerable.Range(0, width).Select(t => LogSoftmax(logits, (r * width + t) * vocabulary, vocabulary)).ToArray())];
            JsonArray table = [.. Enumerable.Range(0, rows).Select(r => (JsonNode)new JsonArray([.. Enumerable.Range(0, width - 1).Select(t => (JsonNode)(attention[r][t + 1] != 0 ? probabilities[r][t][ids[r][t + 1]] : 0))]))];
            MetricSums metrics = new();
            bool isOrpo = id.StartsWith("orpo", StringComparison.Ordinal);
            int[] chosenRows = [.. Enumerable.Range(0, rows * width).Select(i => i / width % 2 == 0 && i % width + 1 < width && attention[i / width / 2][i % width + 1] != 0 ? 0 : -1)];
            (double loss, double[] gradient) = isOrpo
                ? OrpoObjective.Evaluate(layout, pairs.Laid(table), chosenRows, (double)s["beta"]!, metrics)
                : CpoObjective.Evaluate(layout, pairs.Laid(table), CpoSettings(s), metrics);
            GoldenModels.Near((double)row["loss"]!, loss, isOrpo ? 1e-6 : 4e-8, id);
            CheckLogitGradient(file, row, pairs.Back(gradient), probabilities, ids, vocabulary, id);
            GoldenPairs.CheckMetrics(row["metrics"]!.AsObject(), metrics, isOrpo ? 1e-6 : 1e-7, id, "logits/chosen", "logits/rejected");
            done++;
        }
        GoldenJson.AllDone(22, done);
    }

    [Fact]
    public void Formulas_of_the_method_cards_over_pairs()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "cards.jsonl").Where(r => ((string)r["id"]!).StartsWith("pair/", StringComparison.Ordinal)))
        {
            string id = (string)row["id"]!;
            ColumnGraph graph = new();
            Column Fixed(string name) => graph.Constant(GoldenJson.Flat(row["inputs"]![name]!));
            Column chosen = graph.Variable(GoldenJson.Flat(row["inputs"]!["s_w"]!)), rejected = graph.Variable(GoldenJson.Flat(row["inputs"]!["s_l"]!));
            PairScores scores = new(chosen, rejected, Fixed("r_w"), Fixed("r_l"), Fixed("n_w"), Fixed("n_l"), -(chosen / Fixed("n_w")).Mean());
            Column loss = CardLoss(row["settings"]!.AsObject(), scores);
            graph.Backward(loss);
            GoldenModels.Near((double)row["out"]!["loss"]!, loss.Values[0], 4e-8, id);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["s_w"]!), chosen.Gradients, 1e-7, id + " s_w");
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["s_l"]!), rejected.Gradients, 1e-7, id + " s_l");
            done++;
        }
        GoldenJson.AllDone(30, done);
    }

    internal static PreferenceOptions Options(JsonObject s) => new()
    {
        Beta = (double)s["beta"]!,
        LossType = string.Join(',', s["loss_type"]!.AsArray().Select(t => (string)t!)),
        LossWeights = s["loss_weights"] is JsonArray weights ? GoldenJson.Flat(weights) : [],
        LabelSmoothing = (double?)s["label_smoothing"] ?? 0,
        LdAlpha = (double?)s["ld_alpha"],
        UseWeighting = (bool?)s["use_weighting"] ?? false,
        DiscopopTau = (double?)s["discopop_tau"] ?? 0.05,
        FAlphaDivergenceCoef = (double?)s["f_alpha_divergence_coef"] ?? 0.5,
        FDivergenceType = (string?)s["f_divergence_type"] switch
        {
            "forward_kl" => FDivergence.ForwardKl,
            "js_divergence" => FDivergence.JsDivergence,
            "alpha_divergence" => FDivergence.AlphaDivergence,
            _ => FDivergence.ReverseKl,
        },
    };

    private static void CheckDpoMetrics(JsonObject row, GoldenPairs pairs, PairLayout layout, PairScores scores, PreferenceOptions options, string id)
    {
        MetricSums metrics = new();
        metrics.AddRewards([.. scores.ChosenRatio.Values.Select(r => options.Beta * r)], [.. scores.RejectedRatio.Values.Select(r => options.Beta * r)]);
        metrics.AddLogProbs(scores.Chosen.Values, scores.Rejected.Values);
        if (row["entropy"] is JsonNode entropy)
        {
            double[] logits = pairs.Laid(row["mean_logits"]!);
            metrics.AddTokenMean("entropy", pairs.Laid(entropy), i => layout.Chosen[i] >= 0 || layout.Rejected[i] >= 0);
            metrics.AddTokenMean("logits/chosen", logits, i => layout.Chosen[i] >= 0);
            metrics.AddTokenMean("logits/rejected", logits, i => layout.Rejected[i] >= 0);
            metrics.AddTokenMean("mean_token_accuracy", pairs.Laid(row["is_top1"]!), i => layout.Chosen[i] >= 0);
            metrics.Count("num_tokens", GoldenJson.Flat(row["attention_mask"]!).Sum());
        }
        GoldenPairs.CheckMetrics(row["metrics"]!.AsObject(), metrics, 1e-7, id,
            row["entropy"] is null ? ["entropy", "logits/chosen", "logits/rejected", "mean_token_accuracy", "num_tokens"] : []);
    }

    private static CpoOptions CpoSettings(JsonObject s) => new()
    {
        LossType = (string)s["loss_type"]!,
        Beta = (double)s["beta"]!,
        CpoAlpha = (double)s["cpo_alpha"]!,
        LabelSmoothing = (double?)s["label_smoothing"] ?? 0,
        SimpoGamma = (double?)s["simpo_gamma"] ?? 0.5,
        Alpha = (double?)s["alpha"] ?? 0,
    };

    private static Column CardLoss(JsonObject s, PairScores p)
    {
        double beta = (double?)s["beta"] ?? 0.1;
        Column Dpo(string type, double smoothing = 0, PairScores? scores = null) =>
            PairLosses.Total(scores ?? p, new() { Beta = beta, LossType = type, LabelSmoothing = smoothing, RdpoAlpha = (double?)s["alpha"] ?? 0 });
        Column one = p.Chosen.Graph.Constant(1), perToken = p.Chosen / p.ChosenLength, worse = p.Rejected / p.RejectedLength;
        return (string)s["formula"]! switch
        {
            "dpo" => Dpo("sigmoid"),
            "ipo_average" => Dpo("ipo"),
            "ipo_sum" => Dpo("ipo", 0, p with { ChosenLength = one, RejectedLength = one }),
            "cdpo" => Dpo("cdpo", (double)s["e"]!),
            "robust" => Dpo("robust", (double)s["e"]!),
            "rpo" => Dpo("sigmoid") + (double)s["alpha"]! * p.ChosenNll,
            "simpo" => ReferenceFreeLosses.Cpo(perToken, worse, new() { LossType = "simpo", Beta = beta, SimpoGamma = (double)s["gamma"]! }).Loss.Mean(),
            "cpo" => ReferenceFreeLosses.Cpo(p.Chosen, p.Rejected, new() { Beta = beta }).Loss.Mean() + (double)s["alpha"]! * p.ChosenNll,
            "orpo" => p.ChosenNll + ReferenceFreeLosses.Orpo(perToken, worse, (double)s["lam"]!).Loss.Mean(),
            string other => Dpo(other),
        };
    }

    private static Column RowSums(Column values, JsonNode mask)
    {
        double[][] rows = [.. mask.AsArray().Select(r => GoldenJson.Flat(r!))];
        int width = rows[0].Length - 1;
        return values.GroupSum([.. Enumerable.Range(0, rows.Length * width).Select(i => rows[i / width][i % width + 1] != 0 ? i / width : -1)], rows.Length);
    }

    private static double[] LogSoftmax(float[] logits, int start, int count)
    {
        double max = logits.Skip(start).Take(count).Max(), sum = 0;
        for (int v = 0; v < count; v++) sum += Math.Exp(logits[start + v] - max);
        double norm = max + Math.Log(sum);
        return [.. Enumerable.Range(0, count).Select(v => logits[start + v] - norm)];
    }

    /// <summary>Through the log-softmax: ∂/∂z_v = g (1[v = target] − p_v).</summary>
    private static void CheckLogitGradient(SafetensorsFile file, JsonObject row, double[] gradient, double[][][] logProbs, int[][] ids, int vocabulary, string id)
    {
        float[] expected = GoldenModels.Recorded(file, ((string)row["grad_logits"]!).Split(':')[1]);
        int width = ids[0].Length;
        for (int r = 0; r < ids.Length; r++)
            for (int t = 0; t + 1 < width; t++)
                for (int v = 0; v < vocabulary; v++)
                {
                    double ours = gradient[r * (width - 1) + t] * ((ids[r][t + 1] == v ? 1 : 0) - Math.Exp(logProbs[r][t][v]));
                    double theirs = expected[(r * width + t) * vocabulary + v];
                    Assert.True(Math.Abs(ours - theirs) <= 2e-6 * (1 + Math.Abs(theirs)), $"{id} gradient of logit {r},{t},{v}: {ours} instead of {theirs}");
                }
    }
}

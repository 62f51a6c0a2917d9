using System.Text.Json.Nodes;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Values;

namespace Hone.Tests.Training;

/// <summary>Advantages and losses on sampled completions beside TRL's and the cards' formulas.</summary>
public class OnPolicyGoldenTests
{
    private const string Folder = GoldenModels.Folder + "objectives/";

    [Fact]
    public void Losses_of_the_grpo_family()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "grpo_loss.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            double[][] mask = Table(row["completion_mask"]!);
            if (row["tool_mask"] is JsonNode tools) mask = [.. mask.Zip(Table(tools), (a, b) => a.Zip(b, (x, y) => x * y).ToArray())];
            ColumnGraph graph = new();
            Column policy = graph.Variable(GoldenJson.Flat(row["policy_logps"]!));
            int width = mask[0].Length;
            Rollout rollout = new(policy, [.. Enumerable.Range(0, policy.Length).Select(i => mask[i / width][i % width] != 0 ? i / width : -1)], mask.Length, GoldenJson.Flat(row["advantages"]!))
            {
                Old = row["old_logps"] is JsonNode old ? GoldenJson.Flat(old) : null,
                Reference = row["ref_logps"] is JsonNode reference ? GoldenJson.Flat(reference) : null,
                Entropy = row["entropies"] is JsonNode entropy ? GoldenJson.Flat(entropy) : null,
            };
            MetricSums metrics = new();
            (Column sum, double weight) = GrpoLoss.Compute(rollout, Settings(s), metrics);
            Column loss = sum / Divisor(s, weight);
            graph.Backward(loss);
            double tolerance = (string)s["loss_type"]! == "sapo" || (double?)s["top_entropy_quantile"] is < 1 ? 2e-6 : 4e-8;
            GoldenModels.Near((double)row["loss"]!, loss.Values[0], tolerance, id);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad_policy_logps"]!), policy.Gradients, Math.Max(tolerance, 1e-7), id + " gradient");
            GoldenPairs.CheckMetrics(row["metrics"]!.AsObject(), metrics, 1e-6, id);
            done++;
        }
        GoldenJson.AllDone(122, done);
    }

    [Fact]
    public void Advantages_relative_to_the_group()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "grpo_advantages.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            double[][] rewards = [.. row["rewards_per_function"]!.AsArray().Select(f => (double[])[.. f!.AsArray().Select(v => v is null ? double.NaN : (double)v)])];
            double[]? weights = s["reward_weights"] is JsonArray w ? GoldenJson.Flat(w) : null;
            RewardScale scale = Enum.Parse<RewardScale>((string)s["scale_rewards"]!, ignoreCase: true);
            RewardAggregation aggregation = (string?)s["multi_objective_aggregation"] == "normalize_then_sum" ? RewardAggregation.NormalizeThenSum : RewardAggregation.SumThenNormalize;
            int group = (int)s["num_generations"]!;
            double[] ours = GroupAdvantages.Grpo(rewards, group, scale, weights, aggregation);
            JsonNode expected = row["own_float64_advantages"] ?? row["advantages"]!;
            double[] theirs = GoldenJson.Flat(expected);
            for (int i = 0; i < theirs.Length; i++) GoldenModels.Near(theirs[i], ours[i], row["own_float64_advantages"] is null ? 2e-5 : 1e-6, $"{id}[{i}]");
            double[] total = GroupAdvantages.Total(rewards, weights);
            GoldenModels.Near((double)row["metrics"]!["reward"]!, GroupAdvantages.Moments(total).Mean, 1e-6, id + " reward");
            GoldenModels.Near((double)row["metrics"]!["reward_std"]!, GroupAdvantages.Moments(total).Deviation, 1e-6, id + " reward_std");
            GoldenModels.Near((double)row["metrics"]!["frac_reward_zero_std"]!, GroupAdvantages.ZeroDeviationShare(total, group, scale), 1e-6, id + " frac_reward_zero_std");
            done++;
        }
        GoldenJson.AllDone(30, done);
    }

    [Fact]
    public void Leave_one_out_advantages_and_losses()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "rloo.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            if (id.StartsWith("rloo_advantages", StringComparison.Ordinal))
            {
                (double, double)? clip = s["reward_clip_range"] is JsonArray range ? ((double)range[0]!, (double)range[1]!) : null;
                double[] rewards = RlooLoss.Rewards([.. row["rewards"]!.AsArray().Select(v => v is null ? double.NaN : (double)v)], GoldenJson.Flat(row["sequence_kl"]!), (double)s["beta"]!, clip);
                double[] ours = GroupAdvantages.LeaveOneOut(rewards, (int)s["num_generations"]!, (bool)s["normalize_advantages"]!);
                double[] theirs = GoldenJson.Flat(row["own_float64_advantages"]!);
                for (int i = 0; i < theirs.Length; i++) GoldenModels.Near(theirs[i], ours[i], 1e-6, $"{id}[{i}]");
            }
            else
            {
                double[][] mask = Table(row["completion_mask"]!);
                int width = mask[0].Length;
                ColumnGraph graph = new();
                Column policy = graph.Variable(GoldenJson.Flat(row["policy_logps"]!));
                Column sums = policy.GroupSum([.. Enumerable.Range(0, policy.Length).Select(i => mask[i / width][i % width] != 0 ? i / width : -1)], mask.Length);
                Column loss = RlooLoss.PerRow(sums, GoldenJson.Flat(row["old_logps_sum"]!), GoldenJson.Flat(row["advantages"]!), (double)s["epsilon"]!, (double)s["epsilon_high"]!).Mean();
                graph.Backward(loss);
                GoldenModels.Near((double)row["loss"]!, loss.Values[0], 4e-8, id);
                GoldenPairs.CheckAll(GoldenJson.Flat(row["grad_policy_logps"]!), policy.Gradients, 1e-7, id);
            }
            done++;
        }
        GoldenJson.AllDone(30, done);
    }

    [Fact]
    public void Formulas_of_the_method_cards_on_policy()
    {
        Dictionary<string, Action<JsonObject>> checks = new()
        {
            ["gae"] = CheckGae,
            ["ppo"] = CheckPpo,
            ["reinforce_pp"] = CheckReinforcePlusPlus,
            ["token_rewards"] = CheckTokenRewards,
            ["adaptive_kl"] = CheckAdaptiveKl,
            ["kl_estimators"] = CheckKlEstimators,
            ["kl_expectation"] = CheckKlExpectation,
            ["remax"] = row => GoldenPairs.CheckAll(
                GoldenJson.Flat(row["out"]!["advantages"]!), GroupAdvantages.AgainstGreedy(GoldenJson.Flat(row["inputs"]!["reward_sampled"]!), GoldenJson.Flat(row["inputs"]!["reward_greedy"]!), 1), 1e-8, "remax"),
            ["off_policy_correction"] = CheckRolloutCorrection,
        };
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "cards.jsonl"))
        {
            if (!checks.TryGetValue(((string)row["id"]!).Split('/')[0], out Action<JsonObject>? check)) continue;
            check(row);
            done++;
        }
        GoldenJson.AllDone(20, done);
    }

    private static void CheckGae(JsonObject row)
    {
        double[][] mask = Table(row["inputs"]!["mask"]!);
        (double[][] advantages, double[][] returns) = TokenAdvantages.Gae(
            Table(row["inputs"]!["rewards"]!), Table(row["inputs"]!["values"]!), mask, (double)row["settings"]!["gamma"]!, (double)row["settings"]!["lam"]!);
        Same(row, "advantages", advantages);
        Same(row, "returns", returns);
        Same(row, "whitened", TokenAdvantages.Whiten(advantages, mask));
        Same(row, "whitened_keep_mean", TokenAdvantages.Whiten(advantages, mask, keepMean: true));
    }

    private static void CheckPpo(JsonObject row)
    {
        JsonObject s = row["settings"]!.AsObject();
        JsonNode input = row["inputs"]!;
        double[] mask = GoldenJson.Flat(input["m"]!);
        int[] kept = [.. Enumerable.Range(0, mask.Length).Where(i => mask[i] != 0)];
        double[] Kept(string name) => [.. kept.Select(i => GoldenJson.Flat(input[name]!)[i])];
        ColumnGraph graph = new();
        Column all = graph.Variable(GoldenJson.Flat(input["logp"]!)), values = graph.Variable(GoldenJson.Flat(input["val"]!));
        Column policyLoss = PpoLoss.Policy(all.Pick(kept), Kept("old"), Kept("adv"), (double)s["cliprange"]!, (double?)s["dual_clip"]);
        Column valueLoss = PpoLoss.Value(values.Pick(kept), Kept("val_old"), Kept("ret"), (double)s["cliprange_value"]!);
        Column loss = policyLoss + (double)s["vf_coef"]! * valueLoss;
        graph.Backward(loss);
        string id = (string)row["id"]!;
        GoldenModels.Near((double)row["out"]!["policy_loss"]!, policyLoss.Values[0], 4e-8, id + " policy");
        GoldenModels.Near((double)row["out"]!["value_loss"]!, valueLoss.Values[0], 4e-8, id + " value");
        GoldenModels.Near((double)row["out"]!["loss"]!, loss.Values[0], 4e-8, id);
        GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["logp"]!), all.Gradients, 1e-7, id + " logp");
        GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["val"]!), values.Gradients, 1e-7, id + " val");
    }

    private static void CheckReinforcePlusPlus(JsonObject row)
    {
        JsonObject s = row["settings"]!.AsObject();
        JsonNode input = row["inputs"]!;
        double[][] mask = Table(input["m"]!);
        double[] rewards = GoldenJson.Flat(input["rewards"]!);
        if ((int?)s["group_size_of_baseline"] is { } group) rewards = [.. rewards.Chunk(group).SelectMany(g => g.Select(r => r - g.Average()))];
        double[][] tokenRewards = TokenAdvantages.Rewards(Table(input["old"]!), Table(input["ref_logps"]!), mask, rewards, (double)s["kl_coef"]!);
        double[][] returns = TokenAdvantages.Returns(tokenRewards, mask, (double)s["gamma"]!);
        Same(row, "token_rewards", tokenRewards);
        Same(row, "returns", returns);
        Same(row, "advantages", TokenAdvantages.Whiten(returns, mask, isSample: false));
        int[] kept = [.. Enumerable.Range(0, mask.Length * mask[0].Length).Where(i => mask[i / mask[0].Length][i % mask[0].Length] != 0)];
        ColumnGraph graph = new();
        Column policy = graph.Variable(GoldenJson.Flat(input["logp"]!));
        Column loss = PpoLoss.Policy(policy.Pick(kept), [.. kept.Select(i => GoldenJson.Flat(input["old"]!)[i])], [.. kept.Select(i => GoldenJson.Flat(input["A"]!)[i])], (double)s["epsilon"]!);
        graph.Backward(loss);
        GoldenModels.Near((double)row["out"]!["loss"]!, loss.Values[0], 4e-8, (string)row["id"]!);
        GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["logp"]!), policy.Gradients, 1e-7, (string)row["id"]!);
    }

    private static void CheckTokenRewards(JsonObject row)
    {
        JsonObject s = row["settings"]!.AsObject();
        double[] rewards = GoldenJson.Flat(row["inputs"]!["reward"]!), ends = GoldenJson.Flat(row["inputs"]!["has_eos"]!);
        if ((double?)s["reward_clip"] is { } clip) rewards = [.. rewards.Select(r => Math.Clamp(r, -clip, clip))];
        if ((double?)s["missing_eos_penalty"] is { } penalty) rewards = [.. rewards.Select((r, i) => ends[i] != 0 ? r : r - penalty)];
        Same(row, "token_rewards", TokenAdvantages.Rewards(
            Table(row["inputs"]!["old_logps"]!), Table(row["inputs"]!["ref_logps"]!), Table(row["inputs"]!["mask"]!), rewards, (double)s["kl_coef"]!, (string)s["estimator"]!));
    }

    private static void CheckKlEstimators(JsonObject row)
    {
        foreach ((string name, JsonNode? expected) in row["out"]!.AsObject())
        {
            ColumnGraph graph = new();
            Column ratios = graph.Variable(GoldenJson.Flat(row["inputs"]!["l"]!)), estimates = KlEstimators.Of(ratios, name);
            graph.Backward(estimates.Sum());
            GoldenPairs.CheckAll(GoldenJson.Flat(expected!), estimates.Values, 1e-8, name);
            if (row["grad"]![name] is JsonNode gradient) GoldenPairs.CheckAll(GoldenJson.Flat(gradient), ratios.Gradients, 1e-8, name + " gradient");
        }
    }

    private static void CheckKlExpectation(JsonObject row)
    {
        double[] p = GoldenJson.Flat(row["inputs"]!["p"]!), q = GoldenJson.Flat(row["inputs"]!["q"]!);
        foreach (string name in (string[])["k1", "k2", "k3"])
            GoldenModels.Near((double)row["out"]![$"E_{name}"]!, p.Zip(q, (a, b) => a * TokenAdvantages.KlEstimate(Math.Log(a / b), name)).Sum(), 1e-8, name);
    }

    private static void CheckRolloutCorrection(JsonObject row)
    {
        double cap = (double)row["settings"]!["cap"]!;
        double[][] train = Table(row["inputs"]!["logp_train_old"]!), rollout = Table(row["inputs"]!["logp_rollout"]!);
        Same(row, "token_truncate", [.. train.Zip(rollout, (t, r) => RolloutCorrection.TruncatedTokens(t, r, cap))]);
        Same(row, "token_mask", [.. train.Zip(rollout, (t, r) => RolloutCorrection.MaskedTokens(t, r, cap))]);
        Same(row, "sequence_truncate", [[.. train.Zip(rollout, (t, r) => RolloutCorrection.TruncatedSequence(t, r, cap))]]);
    }

    private static void CheckAdaptiveKl(JsonObject row)
    {
        foreach (JsonNode? step in row["out"]!.AsArray())
            GoldenModels.Near((double)step!["after"]!, TokenAdvantages.AdaptKlCoefficient((double)step["before"]!, (double)step["kl"]!, (int)step["n"]!,
                (double)row["settings"]!["target"]!, (double)row["settings"]!["horizon"]!), 1e-8, "adaptive KL");
    }

    private static GrpoOptions Settings(JsonObject s) => new()
    {
        LossType = (string)s["loss_type"]!,
        Beta = (double?)s["beta"] ?? 0,
        Epsilon = (double)s["epsilon"]!,
        EpsilonHigh = (double?)s["epsilon_high"],
        Delta = (double?)s["delta"],
        SequenceLevel = (string?)s["importance_sampling_level"] == "sequence",
        UseBiasCorrectionKl = (bool?)s["use_bias_correction_kl"] ?? true,
        TopEntropyQuantile = (double?)s["top_entropy_quantile"] ?? 1,
        OffPolicyMaskThreshold = (double?)s["off_policy_mask_threshold"],
        EntropyCoef = (double?)s["entropy_coef"] ?? 0,
        MaxCompletionLength = (int?)s["max_completion_length"] ?? 256,
    };

    /// <summary>TRL divides by accumulation steps, or by the tokens of the whole generation batch.</summary>
    private static double Divisor(JsonObject s, double weight)
    {
        double steps = (double?)s["gradient_accumulation_steps"] ?? 1;
        if ((double?)s["num_items_in_batch"] is not { } items) return weight * steps;
        return items * steps / ((double?)s["steps_per_generation"] ?? 1);
    }

    private static void Same(JsonObject row, string name, double[][] actual) =>
        GoldenPairs.CheckAll(GoldenJson.Flat(row["out"]![name]!), [.. actual.SelectMany(r => r)], 1e-7, $"{row["id"]} {name}");

    private static double[][] Table(JsonNode node) => [.. node.AsArray().Select(r => GoldenJson.Flat(r!))];
}

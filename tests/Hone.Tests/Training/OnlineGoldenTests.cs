using System.Text.Json.Nodes;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Preference;
using Hone.Training.Objectives.Values;

namespace Hone.Tests.Training;

/// <summary>Online pairs and rewards by rule beside TRL's.</summary>
public class OnlineGoldenTests
{
    private const string Folder = GoldenModels.Folder + "objectives/";

    [Fact]
    public void Pairs_chosen_by_reward()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "online_dpo.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            double[] rewards = GoldenJson.Flat(row["rewards"]!);
            if ((double?)s["missing_eos_penalty"] is { } penalty)
                for (int i = 0; i < rewards.Length; i++)
                    if (!row["completion_ids"]![i]!.AsArray().Any(t => (int)t! == (int)row["eos_token_id"]!)) rewards[i] -= penalty;
            (int[] chosen, int[] rejected) = OnlinePairs.Choose(rewards);
            Assert.Equal(row["chosen_index"]!.AsArray().Select(n => (int)n!), chosen);
            Assert.Equal(row["rejected_index"]!.AsArray().Select(n => (int)n!), rejected);
            ColumnGraph graph = new();
            double[] mask = GoldenJson.Flat(row["completion_mask"]!);
            int width = row["completion_mask"]![0]!.AsArray().Count;
            int[] groups = [.. mask.Select((m, i) => m != 0 ? i / width : -1)];
            Column policy = graph.Variable(GoldenJson.Flat(row["policy_logps"]!));
            Column sums = policy.GroupSum(groups, rewards.Length), reference = graph.Constant(GoldenJson.Flat(row["ref_logps"]!)).GroupSum(groups, rewards.Length);
            Column one = graph.Constant(1); // ipo is not divided by lengths here
            PairScores pairs = new(sums.Pick(chosen), sums.Pick(rejected), reference.Pick(chosen), reference.Pick(rejected), one, one, one);
            Column loss = PairLosses.Total(pairs, new() { Beta = (double)s["beta"]!, LossType = (string)s["loss_type"]! });
            graph.Backward(loss);
            GoldenModels.Near((double)row["loss"]!, loss.Values[0], 4e-8, id);
            if (row["grad_policy_logps"] is JsonNode gradient) GoldenPairs.CheckWhere(i => mask[i] != 0, GoldenJson.Flat(gradient), policy.Gradients, 1e-7, id);
            done++;
        }
        GoldenJson.AllDone(8, done);
    }

    [Fact]
    public void Rewards_by_rule()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "rule_rewards.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonNode? s = row["settings"];
            double[] ours = id.Split('/')[0] switch
            {
                "soft_overlong" => [.. row["completion_lengths"]!.AsArray().Select(n => RuleRewards.SoftOverlong((int)n!, (int)s!["max_completion_len"]!, (int)s["soft_punish_cache"]!))],
                "repetition" => [.. row["completion_ids"]!.AsArray().Select(r => RuleRewards.Repetition([.. r!.AsArray().Select(n => (int)n!)], (int)s!["ngram_size"]!, (double)s["max_penalty"]!))],
                _ => [.. row["completions"]!.AsArray().Select(c => RuleRewards.ThinkFormat((string)c!))],
            };
            double[] theirs = GoldenJson.Flat(row["rewards"]!);
            for (int i = 0; i < theirs.Length; i++) GoldenModels.Near(theirs[i], ours[i], 1e-8, $"{id}[{i}]");
            done++;
        }
        GoldenJson.AllDone(6, done);
    }
}

using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Inference;

namespace Hone.Methods.OnPolicy;

/// <summary>Preference pairs from samples, from rows to a file.</summary>
public static class PairRecipe
{
    /// <summary>Samples, pairs, and writes <c>pairs.jsonl</c> into the run's folder.</summary>
    /// <returns>What <c>--json</c> prints.</returns>
    /// <exception cref="HoneException">Rows without prompts, rewards that cannot be opened, a folder of another run, or no pair at all.</exception>
    public static JsonObject Run(TextModel model, Dataset data, PairOptions options, RunContext run)
    {
        IReadOnlyList<Row> rows = PromptRows.Of(data);
        using RewardSet rewards = RewardSet.Open(options.Reward, options.RewardWeights, rows, OnPolicyRun.Sources(model), run.Reporter);
        (List<JsonNode> pairs, JsonObject summary) = new PairBuilding(model, rows, rewards, options, run).Run(data.Sha256);
        if (pairs.Count == 0) throw new HoneException("no prompt has a better and a worse completion: sample more of each (--num-generations), or warmer (--temperature).");
        string path = run.PathOf("pairs.jsonl");
        Jsonl.Write(path, pairs);
        (summary["out"], summary["data_sha256"], summary["seed"]) = (path, data.Sha256, run.Seed);
        return summary;
    }
}

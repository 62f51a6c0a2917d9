using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Evaluation.Rewards;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.OnPolicy;

/// <summary>
/// Preference pairs from a model's own completions: for every prompt several are sampled (the prompt is gone through once for all of
/// them), judged, and paired. Every judged completion goes into a log as it comes, so a run that is stopped takes up where it was.
/// </summary>
/// <param name="model">Sampled.</param>
/// <param name="rows">Rows with prompts.</param>
/// <param name="rewards">Judges.</param>
/// <param name="options">Settings.</param>
/// <param name="run">Seed, reporter, cancellation; its folder keeps log and identity.</param>
public sealed class PairBuilding(TextModel model, IReadOnlyList<Row> rows, RewardSet rewards, PairOptions options, RunContext run)
{
    private const string LogName = "samples.jsonl";

    /// <summary>Samples what is missing and gives the pairs, in the order of the rows, and a summary.</summary>
    /// <exception cref="HoneException">The folder's log belongs to other rows or settings.</exception>
    public (List<JsonNode> Pairs, JsonObject Summary) Run(string dataHash)
    {
        RunIdentity.Check(run.PathOf("inputs.json"), Identity(dataHash));
        List<JsonObject> samples = Sampled();
        List<JsonNode> pairs = [];
        int without = 0;
        for (int n = 0; n < rows.Count; n++)
        {
            JsonObject[] group = [.. samples.Skip(n * options.NumGenerations).Take(options.NumGenerations)];
            List<(int Better, int Worse)> chosen = Choose([.. group.Select(RewardOf)], run.Rng($"pairs/row={n}"));
            if (chosen.Count == 0) without++;
            pairs.AddRange(chosen.Select(c => Pair(rows[n], group[c.Better], group[c.Worse])));
        }
        return (pairs, new JsonObject
        {
            ["rows"] = rows.Count,
            ["samples"] = samples.Count,
            ["pairs"] = pairs.Count,
            ["rows_without_pair"] = without,
            ["mean_reward"] = Finite(samples.Select(RewardOf).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average()),
        });
    }

    private JsonObject Identity(string dataHash)
    {
        JsonObject settings = JsonSerializer.SerializeToNode(options)!.AsObject();
        settings.Remove(nameof(PairOptions.Batch));
        return new JsonObject { ["model_sha256"] = ReferenceLogProbs.HashOf(model.Model), ["data_sha256"] = dataHash, ["rows"] = rows.Count, ["seed"] = run.Seed, ["options"] = settings };
    }

    /// <summary>All samples, those of the log first; a prompt whose samples are not all there is done again.</summary>
    private List<JsonObject> Sampled()
    {
        string path = run.PathOf(LogName);
        using JsonlLog log = new(path);
        List<JsonObject> samples = [.. Jsonl.Read(path).Select(r => r.Fields)];
        int done = samples.Count / options.NumGenerations;
        if (done * options.NumGenerations != samples.Count)
        {
            samples = [.. samples.Take(done * options.NumGenerations)];
            log.Replace([.. samples.Select(s => (JsonNode)s)]);
        }
        if (done > 0) run.Reporter.Line($"{done} of {rows.Count} prompts were sampled before ({path}).");
        using IProgressTask progress = run.Reporter.Start("sampling", rows.Count, "prompts");
        progress.Advance(done);
        for (int start = done; start < rows.Count; start += options.Batch)
        {
            int count = Math.Min(options.Batch, rows.Count - start);
            foreach (JsonObject sample in Sample(start, count))
            {
                log.Append(sample);
                samples.Add(sample);
            }
            progress.Advance(count);
        }
        return samples;
    }

    /// <summary>What a prompt gives depends on the seed and its number, not on those sampled beside it.</summary>
    private IEnumerable<JsonObject> Sample(int start, int count)
    {
        RandomStream seeds = run.Rng("pairs/seeds");
        IReadOnlyList<GenerationResult> results = model.Engine.Generate([.. Enumerable.Range(start, count).Select(n => new GenerationRequest
        {
            Prompt = PromptRows.Tokens(model.Text, rows[n]), Samples = options.NumGenerations, MaxTokens = options.MaxCompletionLength, StopIds = model.Text.EndIds,
            Sampling = new SamplingOptions { Temperature = options.Temperature }, Seed = unchecked((long)seeds.Derive(n).NextUInt64()),
        })], cancellation: run.Cancellation);
        double[] totals = rewards.Score([.. results.Select(r => new RewardItem(rows[start + r.Request], PromptRows.Words(rows[start + r.Request]), r.Text))], run.Cancellation).Total;
        return results.Select((r, i) => new JsonObject
        {
            ["row"] = rows[start + r.Request].Id,
            ["sample"] = r.Sample,
            ["output"] = r.Text,
            ["tokens"] = r.Ids.Length,
            ["finished"] = r.Finish != FinishReason.Length,
            ["reward"] = Finite(totals[i]),
        });
    }

    private List<(int Better, int Worse)> Choose(double[] reward, RandomStream random)
    {
        int[] judged = [.. Enumerable.Range(0, reward.Length).Where(i => !double.IsNaN(reward[i]))];
        List<(int Better, int Worse)> possible = [.. from a in judged from b in judged where reward[a] > reward[b] && reward[a] - reward[b] >= options.MinMargin select (a, b)];
        if (possible.Count == 0) return [];
        if (options.Choice == PairChoice.BestWorst) return [possible.OrderByDescending(p => reward[p.Better] - reward[p.Worse]).First()];
        (int Better, int Worse)[] order = [.. possible];
        random.Shuffle<(int, int)>(order);
        // Each completion at most once on each side, as long as there are others.
        List<(int Better, int Worse)> chosen = [];
        foreach ((int better, int worse) in order)
            if (chosen.Count < options.PairsPerPrompt && chosen.TrueForAll(c => c.Better != better && c.Worse != worse)) chosen.Add((better, worse));
        return chosen;
    }

    private JsonNode Pair(Row row, JsonObject better, JsonObject worse)
    {
        JsonObject Answered(JsonObject sample) => PromptRows.Answered(row, (string)sample["output"]!, model.Text.HasTemplate).Fields;
        JsonObject chosen = Answered(better);
        return new JsonObject
        {
            ["id"] = $"{row.Id}/{better["sample"]}-{worse["sample"]}",
            ["prompt"] = chosen["prompt"]!.DeepClone(),
            ["chosen"] = chosen["answer"]!.DeepClone(),
            ["rejected"] = Answered(worse)["answer"]!.DeepClone(),
            ["chosen_reward"] = better["reward"]!.DeepClone(),
            ["rejected_reward"] = worse["reward"]!.DeepClone(),
        };
    }

    private static double RewardOf(JsonObject sample) => sample["reward"] is { } reward ? (double)reward : double.NaN;

    private static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;
}

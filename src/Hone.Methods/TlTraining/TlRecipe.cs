using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.ToolCalls;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.OnPolicy;
using Hone.Methods.Supervised;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.TlTraining;

/// <summary>
/// What <c>hone train tl</c> runs: supervised training on tool calls without those that failed and with weight on the tokens that decide,
/// then PPO with a reward by category of error.
/// </summary>
[Method("tl-training", Stage = "tools", Paper = "TL-Training: A Task-Feature-Based Framework for Training Large Language Models in Tool Use", ArXiv = "2412.15495", Command = "hone train tl")]
public static class TlRecipe
{
    private const string FirstStage = "sft", SecondStage = "ppo";

    /// <summary>Trains; each stage has a folder of its own in the run's folder, with its checkpoints and metrics.</summary>
    /// <param name="model">Trained in place by the first stage.</param>
    /// <param name="data">Conversations with <c>tools</c>.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed, reporter, folder.</param>
    /// <param name="dryRun">Compute the first batch of the first stage and update nothing.</param>
    /// <returns>What <c>--json</c> prints.</returns>
    public static JsonObject Run(TextModel model, Dataset data, TlOptions options, RunContext run, bool dryRun = false)
    {
        if (data.Kind != RowKind.Messages)
            throw new HoneException($"{data.Path}: rows of kind {data.Kind.ToString().ToLowerInvariant()}; tool training needs conversations (messages or conversations) with tools.");
        List<Trajectory> trajectories = [.. data.Rows.Select(Trajectory.Read)];
        ErrorTurnFilter? filter = options.Mae ? new(options.Cues.Length > 0 ? ErrorTurnFilter.ReadCues(options.Cues) : null, options.ExecutorStatus) : null;
        List<TlSample> samples = TlExamples.Samples(trajectories, filter);
        TlExamples examples = new(model.Text, options);
        List<TrainingExample> supervised = examples.Supervised(samples);
        if (filter is not null) run.Reporter.Line($"{supervised.Count} turns to learn; blocked: {(filter.Blocked.Count == 0 ? "none" : string.Join(", ", filter.Blocked.Select(b => $"{b.Value} {b.Key}")))}");
        if (examples.TooLong > 0) run.Reporter.Warn($"{examples.TooLong} turns were longer than {options.MaxLength} tokens with what comes before them and were left out; a call is never cut.");
        JsonObject result = Supervise(model, data, supervised, options, run, dryRun);
        Describe(result, filter, examples, samples.Count);
        if (options.Irm && !dryRun) result = Reward(model, data, samples, examples, options, run, result);
        result["data_sha256"] = data.Sha256;
        if (!dryRun) AtomicFile.WriteText(run.PathOf("train.json"), result.ToJsonString(Jsonl.Indented) + "\n");
        return result;
    }

    private static JsonObject Supervise(TextModel model, Dataset data, List<TrainingExample> examples, TlOptions options, RunContext run, bool dryRun)
    {
        // The second stage starts from a whole model, which is also its reference.
        TlOptions first = options.Irm ? options with { Merge = true } : options;
        TrainingJob job = new(model, first, Stage(run, FirstStage), dryRun) { Inputs = new JsonObject { ["data_sha256"] = data.Sha256 } };
        JsonObject result = job.Run(examples, new SupervisedObjective(model.Model, options.Train.Recompute) { LogsMetrics = dryRun });
        job.Record(result);
        return result;
    }

    private static JsonObject Reward(TextModel model, Dataset data, List<TlSample> samples, TlExamples examples, TlOptions options, RunContext run, JsonObject first)
    {
        List<Row> tasks = examples.Tasks(samples);
        if (examples.NotOffered > 0) run.Reporter.Warn($"{examples.NotOffered} calls name a tool that is not among those offered and give no reward.");
        if (tasks.Count == 0) throw new HoneException($"{data.Path}: no calls to learn from by reward. Leave that stage out with --irm false.");
        Dataset rows = data with { Rows = tasks, Kind = RowKind.Task };
        JsonObject second = PpoRecipes.Ppo(model, rows, options.Ppo.ToPpo(options), Stage(run, SecondStage), dryRun: false, ToolCallRewards.Create());
        second["sft"] = first.DeepClone();
        return second;
    }

    private static void Describe(JsonObject result, ErrorTurnFilter? filter, TlExamples examples, int turns)
    {
        result["turns"] = turns;
        result["blocked"] = filter is null ? null : new JsonObject(filter.Blocked.Select(b => KeyValuePair.Create(b.Key, (JsonNode?)b.Value)));
        result["turns_left_out"] = examples.TooLong;
        result["key_token_ratio"] = new JsonObject(examples.Ratios.Select(r => KeyValuePair.Create($"{r.Key}", (JsonNode?)r.Value)));
        result["key_tokens_at_bound"] = Math.Round(examples.ShareAtBound, 4);
    }

    private static RunContext Stage(RunContext run, string name) => run.Folder.Length == 0 ? run : new(run.PathOf(name), run.Seed, run.Reporter, run.Cancellation);
}

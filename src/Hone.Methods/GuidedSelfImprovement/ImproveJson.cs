using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Evaluation.Statistics;
using Hone.Methods.Tasks;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>run.json: the whole outcome for machines. docs/run-json.md describes every field.</summary>
public static class ImproveJson
{
    /// <summary>Version of the schema; raised when a field changes its meaning.</summary>
    public const int SchemaVersion = 1;

    /// <summary>The outcome as JSON.</summary>
    /// <param name="outcome">What happened.</param>
    /// <param name="model">Path of the model as given.</param>
    /// <param name="modelHash">SHA-256 of its weights file, or empty.</param>
    /// <param name="version">Version of Hone.</param>
    /// <param name="threads">Threads used.</param>
    /// <param name="run">Seed.</param>
    public static JsonObject Of(ImproveOutcome outcome, string model, string modelHash, string version, int threads, RunContext run)
    {
        (int fixedRows, int broken) = Changes(outcome);
        return new JsonObject
        {
            ["schema"] = SchemaVersion,
            ["method"] = "guided-self-improvement",
            ["task"] = outcome.Task.Name,
            ["checker"] = outcome.Task.Checker.Name,
            ["checker_reason"] = outcome.Task.CheckerReason,
            ["guidance"] = outcome.Guidance,
            ["lora_rank"] = outcome.LoraRank,
            ["before"] = Accuracy(outcome.Before),
            ["after"] = Accuracy(outcome.After),
            ["difference_points"] = Math.Round(100 * (outcome.After.Accuracy - outcome.Before.Accuracy), 3),
            ["paired_test"] = new JsonObject
            {
                ["test"] = "McNemar, exact",
                ["wrong_to_right"] = fixedRows,
                ["right_to_wrong"] = broken,
                ["p_value"] = PairedTests.McNemarExact(fixedRows, broken),
            },
            ["best_round"] = outcome.BestRound,
            ["helped"] = outcome.BestRound >= 0,
            ["validation_before"] = (double)outcome.ValidationBefore / Math.Max(1, outcome.Task.Validation.Count),
            ["rounds"] = new JsonArray([.. outcome.Rounds.Select(r => r.ToJson())]),
            ["sizes"] = new JsonObject { ["pool"] = outcome.Task.Pool.Count, ["validation"] = outcome.Task.Validation.Count, ["test"] = outcome.Task.Test.Count },
            ["tokens_sampled"] = outcome.Rounds.Sum(r => r.Sampling?.Tokens ?? 0),
            ["tokens_trained"] = outcome.Rounds.Sum(r => r.TrainedTokens),
            ["draws"] = outcome.Rounds.Sum(r => r.Sampling?.Draws ?? 0),
            ["seconds"] = Math.Round(outcome.Seconds, 2),
            ["out_of_time"] = outcome.IsOutOfTime,
            ["seed"] = run.Seed,
            ["threads"] = threads,
            ["version"] = version,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["model"] = model,
            ["model_sha256"] = modelHash,
            ["data_sha256"] = outcome.Task.InputHash,
            ["options"] = JsonSerializer.SerializeToNode(outcome.Options, RoundResult.Json),
        };
    }

    /// <summary>Questions that went from wrong to right, and from right to wrong.</summary>
    public static (int WrongToRight, int RightToWrong) Changes(ImproveOutcome outcome)
    {
        bool[] before = outcome.Before.Passes, after = outcome.After.Passes;
        return (before.Zip(after).Count(p => !p.First && p.Second), before.Zip(after).Count(p => p.First && !p.Second));
    }

    private static JsonObject Accuracy(TaskResult result)
    {
        Interval interval = Proportions.Wilson(result.Right, result.Count);
        return new()
        {
            ["accuracy"] = result.Accuracy,
            ["right"] = result.Right,
            ["count"] = result.Count,
            ["low"] = interval.Low,
            ["high"] = interval.High,
            ["level"] = 0.95,
            ["interval"] = "Wilson",
            ["truncated"] = result.Answers.Count(a => a.Truncated),
        };
    }
}

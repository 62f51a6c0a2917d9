using System.ComponentModel;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Tasks;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.Supervised;

/// <summary>Settings of <c>hone train sft</c>.</summary>
[Recipe("sft")]
public record SftOptions : TrainerOptions
{
    public SftOptions() => Train = new() { Lr = 2e-5 };

    [Description("nll, or dft: each token weighted by its own probability, arXiv:2508.05629")]
    public SftLoss LossType { get; init; }

    [Description("learn completions only (prompt and completion rows; default) or prompts too")]
    public bool? CompletionOnlyLoss { get; init; }

    [Description("learn assistants' turns only (messages; default) or every turn")]
    public bool? AssistantOnlyLoss { get; init; }

    [Description("several rows in one sequence of max-length tokens: best fit, best fit with long rows split, or one stream cut into pieces")]
    public Packing Packing { get; init; }
}

/// <summary>Supervised fine-tuning of a user's model on a user's rows.</summary>
public static class SftRecipe
{
    /// <summary>Trains and writes the result to <c>run.Folder</c>: a model in <c>model/</c>, or an adapter in <c>adapter/</c>.</summary>
    /// <param name="model">Trained in place.</param>
    /// <param name="data">Rows.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed, reporter, folder.</param>
    /// <param name="dryRun">Compute the first batch and update nothing.</param>
    /// <returns>What <c>--json</c> prints.</returns>
    public static JsonObject Run(TextModel model, Dataset data, SftOptions options, RunContext run, bool dryRun = false)
    {
        RowExamples rows = new(model.Text, new()
        {
            MaxLength = options.MaxLength,
            Truncation = options.Truncation,
            Packing = options.Packing,
            CompletionOnlyLoss = options.CompletionOnlyLoss,
            AssistantOnlyLoss = options.AssistantOnlyLoss,
        });
        List<TrainingExample> examples = rows.All(data.Rows);
        if (rows.Cut > 0) run.Reporter.Warn($"{rows.Cut} rows were longer than {options.MaxLength} tokens and were cut.");
        if (rows.WithoutTarget > 0) run.Reporter.Warn($"{rows.WithoutTarget} rows had nothing to learn after cutting and were left out.");
        TrainingJob job = new(model, options, run, dryRun) { Inputs = new() { ["data_sha256"] = data.Sha256, ["rows"] = data.Rows.Count } };
        JsonObject result = job.Run(examples, new SupervisedObjective(model.Model, options.Train.Recompute, options.LossType) { LogsMetrics = dryRun });
        (result["rows_cut"], result["rows_left_out"], result["data_sha256"]) = (rows.Cut, rows.WithoutTarget + data.Skipped, data.Sha256);
        job.Record(result);
        return result;
    }
}

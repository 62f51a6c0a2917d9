using System.ComponentModel;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Tasks;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;

namespace Hone.Methods.Supervised;

/// <summary>Settings of <c>hone train sft</c>.</summary>
[Recipe("sft")]
public sealed record SftOptions
{
    [Limits(AtLeast = 0)]
    [Description("rank of a LoRA adapter on every linear layer; 0 trains all weights")]
    public int LoraRank { get; init; }

    [Description("longest row in tokens; 0 for no limit")]
    [Limits(AtLeast = 0)]
    public int MaxLength { get; init; } = 1024;

    [Description("which end of a longer row is kept")]
    public Truncation Truncation { get; init; }

    [Description("learn completions only (prompt and completion rows; default) or prompts too")]
    public bool? CompletionOnlyLoss { get; init; }

    [Description("learn assistants' turns only (messages; default) or every turn")]
    public bool? AssistantOnlyLoss { get; init; }

    [Description("several rows in one sequence of max-length tokens: best fit, best fit with long rows split, or one stream cut into pieces")]
    public Packing Packing { get; init; }

    [Description("write the adapter into the weights at the end, instead of saving it apart")]
    public bool Merge { get; init; }

    public TrainOptions Train { get; init; } = new() { Lr = 2e-5 };
}

/// <summary>Supervised fine-tuning of a user's model on a user's rows.</summary>
public static class SftRecipe
{
    /// <summary>Trains and writes the result to <c>run.Folder</c>: a model in <c>model/</c>, or an adapter in <c>adapter/</c>.</summary>
    /// <returns>What <c>--json</c> prints.</returns>
    public static JsonObject Run(TextModel model, Dataset data, SftOptions options, RunContext run)
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
        ShuffledSource source = new(examples, run.Rng("shuffle"));
        (TrainingSummary summary, LoraModel? adapter) = FineTuning.Run(model, source, options.Train, options.LoraRank, run);
        string saved = Save(model, adapter, options, run);
        JsonObject result = new()
        {
            ["out"] = saved,
            ["steps"] = summary.Steps,
            ["rows"] = examples.Count,
            ["rows_cut"] = rows.Cut,
            ["rows_left_out"] = rows.WithoutTarget + data.Skipped,
            ["loss_first"] = summary.Losses.Count > 0 ? summary.Losses[0] : null,
            ["loss_last"] = summary.Losses.Count > 0 ? summary.Losses[^1] : null,
            ["tokens"] = summary.Tokens,
            ["seconds"] = Math.Round(summary.Seconds, 2),
            ["peak_activation_bytes"] = summary.PeakBytes,
            ["seed"] = run.Seed,
            ["data_sha256"] = data.Sha256,
        };
        AtomicFile.WriteText(run.PathOf("train.json"), result.ToJsonString(Jsonl.Indented) + "\n");
        return result;
    }

    private static string Save(TextModel model, LoraModel? adapter, SftOptions options, RunContext run)
    {
        if (adapter is not null && !options.Merge)
        {
            string folder = run.PathOf("adapter");
            AtomicFile.WriteFolder(folder, adapter.Save);
            return folder;
        }
        adapter?.Merge();
        string target = run.PathOf("model");
        model.Save(target);
        return target;
    }
}

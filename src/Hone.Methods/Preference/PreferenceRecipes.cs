using System.ComponentModel;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.Preference;

/// <summary>Settings of trainers that compare the model with a reference policy.</summary>
public abstract record ReferencedOptions : TrainerOptions
{
    [Description("reference model, a folder or file; the model as it is given when left out")]
    public string RefModel { get; init; } = "";

    [Description("folder where reference log-probabilities are kept; reference/ in the run's folder when left out")]
    public string ReferenceCache { get; init; } = "";
}

/// <summary>Settings of <c>hone train dpo</c>.</summary>
[Recipe("dpo")]
public record DpoRecipeOptions : ReferencedOptions
{
    [Description("the losses")]
    public PreferenceOptions Loss { get; init; } = new();
}

/// <summary>Settings of <c>hone train ipo</c>.</summary>
[Recipe("ipo")]
public sealed record IpoRecipeOptions : DpoRecipeOptions
{
    public IpoRecipeOptions() => Loss = new() { LossType = "ipo" };
}

/// <summary>Settings of <c>hone train rdpo</c>.</summary>
[Recipe("rdpo")]
public sealed record RdpoRecipeOptions : DpoRecipeOptions
{
    public RdpoRecipeOptions() => Loss = new() { LossType = "rdpo" };
}

/// <summary>Settings of <c>hone train kto</c>.</summary>
[Recipe("kto")]
public sealed record KtoRecipeOptions : ReferencedOptions
{
    [Description("the loss")]
    public KtoOptions Loss { get; init; } = new();
}

/// <summary>Settings of <c>hone train cpo</c>.</summary>
[Recipe("cpo")]
public record CpoRecipeOptions : TrainerOptions
{
    [Description("the loss")]
    public CpoOptions Loss { get; init; } = new();
}

/// <summary>Settings of <c>hone train simpo</c>.</summary>
[Recipe("simpo")]
public sealed record SimpoRecipeOptions : CpoRecipeOptions
{
    public SimpoRecipeOptions() => Loss = new() { LossType = "simpo", Beta = 2, CpoAlpha = 0 };
}

/// <summary>Settings of <c>hone train orpo</c>.</summary>
[Recipe("orpo")]
public sealed record OrpoRecipeOptions : TrainerOptions
{
    [Description("weight of the odds ratio")]
    [Limits(AtLeast = 0)]
    public double Beta { get; init; } = 0.1;
}

/// <summary>Settings of <c>hone train rm</c>.</summary>
[Recipe("rm")]
public sealed record RewardRecipeOptions : TrainerOptions
{
    [Description("coefficient that keeps rewards around 0; 0 for none")]
    [Limits(AtLeast = 0)]
    public double CenterRewardsCoefficient { get; init; }
}

/// <summary>Training on preferences and judged answers, from rows to files.</summary>
public static class PreferenceRecipes
{
    private const int ShownRows = 20;

    /// <summary>DPO and every loss of its family.</summary>
    public static JsonObject Dpo(TextModel model, Dataset data, DpoRecipeOptions options, RunContext run, bool dryRun)
    {
        PreferenceExamples rows = new(model.Text, options.MaxLength, options.Truncation);
        List<TrainingExample> pairs = rows.Pairs(Preferences(data));
        Report(rows, options, run);
        pairs = WithReference(model, pairs, options, run, dryRun);
        return Finish(model, data, options, run, dryRun, rows, pairs, new DpoObjective(model.Model, options.Loss, options.Train.Recompute) { LogsTokenAccuracy = dryRun });
    }

    /// <summary>KTO; pairs are taken apart.</summary>
    public static JsonObject Kto(TextModel model, Dataset data, KtoRecipeOptions options, RunContext run, bool dryRun)
    {
        if (data.Kind is not (RowKind.Judged or RowKind.Preference)) throw Unfit(data, "prompt, completion and label (true or false), or prompt, chosen and rejected");
        PreferenceExamples rows = new(model.Text, options.MaxLength, options.Truncation);
        List<TrainingExample> examples = rows.Judged(data.Rows, options.Train.Batch);
        Report(rows, options, run);
        examples = WithReference(model, examples, options, run, dryRun);
        return Finish(model, data, options, run, dryRun, rows, examples, new KtoObjective(model.Model, options.Loss, options.Train.Recompute));
    }

    /// <summary>CPO and SimPO.</summary>
    public static JsonObject Cpo(TextModel model, Dataset data, CpoRecipeOptions options, RunContext run, bool dryRun) =>
        WithoutReference(model, data, options, run, dryRun, new CpoObjective(model.Model, options.Loss, options.Train.Recompute));

    /// <summary>ORPO.</summary>
    public static JsonObject Orpo(TextModel model, Dataset data, OrpoRecipeOptions options, RunContext run, bool dryRun) =>
        WithoutReference(model, data, options, run, dryRun, new OrpoObjective(model.Model, options.Beta, options.Train.Recompute));

    /// <summary>A reward model, saved as a sequence classifier with one label.</summary>
    public static JsonObject Reward(RewardModel reward, Dataset data, RewardRecipeOptions options, RunContext run, bool dryRun)
    {
        PreferenceExamples rows = new(reward.Text.Text, options.MaxLength, options.Truncation);
        List<TrainingExample> pairs = rows.RewardPairs(Preferences(data));
        Report(rows, options, run);
        TrainingJob job = new(reward.Text, options, run, dryRun)
        {
            Inputs = Inputs(data),
            Extra = [reward.Score],
            Save = adapter =>
            {
                adapter?.Merge();
                reward.Save(run.PathOf("model"));
                return run.PathOf("model");
            },
        };
        JsonObject result = job.Run(pairs, new RewardObjective(reward.Text.Model, reward.Score, options.CenterRewardsCoefficient, options.Train.Recompute));
        return Recorded(job, result, rows, data);
    }

    private static JsonObject WithoutReference(TextModel model, Dataset data, TrainerOptions options, RunContext run, bool dryRun, IObjective objective)
    {
        PreferenceExamples rows = new(model.Text, options.MaxLength, options.Truncation);
        List<TrainingExample> pairs = rows.CpoPairs(Preferences(data));
        Report(rows, options, run);
        return Finish(model, data, options, run, dryRun, rows, pairs, objective);
    }

    internal static JsonObject Finish(
        TextModel model, Dataset data, TrainerOptions options, RunContext run, bool dryRun, PreferenceExamples rows, List<TrainingExample> examples, IObjective objective)
    {
        TrainingJob job = new(model, options, run, dryRun) { Inputs = Inputs(data) };
        return Recorded(job, job.Run(examples, objective), rows, data);
    }

    private static JsonObject Inputs(Dataset data) => new() { ["data_sha256"] = data.Sha256, ["rows"] = data.Rows.Count };

    private static JsonObject Recorded(TrainingJob job, JsonObject result, PreferenceExamples rows, Dataset data)
    {
        (result["rows_left_out"], result["rows_cut"], result["data_sha256"]) = (rows.LeftOut + data.Skipped, rows.CutRows.Count, data.Sha256);
        job.Record(result);
        return result;
    }

    /// <summary>A dry run looks at the first batch only, and writes nothing.</summary>
    internal static List<TrainingExample> WithReference(TextModel model, List<TrainingExample> examples, ReferencedOptions options, RunContext run, bool dryRun)
    {
        LanguageModel reference = options.RefModel.Length == 0 ? model.Model : ModelLoader.Load(options.RefModel).Model;
        if (reference.Config.VocabularySize != model.Model.Config.VocabularySize)
            throw new HoneException($"the reference model has {reference.Config.VocabularySize} tokens, the model {model.Model.Config.VocabularySize}: they do not share a tokenizer.");
        if (dryRun) examples = [.. examples.Take(options.Train.Batch)];
        string cache = dryRun || (run.Folder.Length == 0 && options.ReferenceCache.Length == 0) ? "" : options.ReferenceCache.Length > 0 ? options.ReferenceCache : run.PathOf("reference");
        return ReferenceLogProbs.AddTo(reference, examples, cache, options.Train.MicroTokens, model.Workers, run.Reporter);
    }

    internal static IReadOnlyList<Row> Preferences(Dataset data) =>
        data.Kind == RowKind.Preference ? data.Rows : throw Unfit(data, "chosen and rejected, with or without prompt");

    private static HoneException Unfit(Dataset data, string expected) =>
        new($"{data.Path}: rows of kind {data.Kind.ToString().ToLowerInvariant()}; this trainer needs {expected}. Name your columns with --map, e.g. --map chosen=better --map rejected=worse.");

    internal static void Report(PreferenceExamples rows, TrainerOptions options, RunContext run)
    {
        foreach (string place in rows.LeftOutRows.Take(ShownRows)) run.Reporter.Warn($"left out: {place}: the prompt or the pair is longer than {options.MaxLength} tokens (--max-length).");
        if (rows.LeftOut > ShownRows) run.Reporter.Warn($"left out: {rows.LeftOut - ShownRows} more rows that are too long.");
        foreach (string place in rows.CutRows.Take(ShownRows)) run.Reporter.Warn($"cut: {place}: prompt and answer are longer than {options.MaxLength} tokens (--max-length).");
        if (rows.CutRows.Count > ShownRows) run.Reporter.Warn($"cut: {rows.CutRows.Count - ShownRows} more rows that are too long.");
    }
}

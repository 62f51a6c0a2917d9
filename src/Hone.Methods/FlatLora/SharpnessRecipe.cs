using System.ComponentModel;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Data;
using Hone.Evaluation.Reports;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Methods.Tasks;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Perturbation;

namespace Hone.Methods.FlatLora;

/// <summary>Settings of <c>hone analyze sharpness</c>.</summary>
[Recipe("sharpness")]
public sealed record SharpnessOptions
{
    [Description("strengths of the noise, as shares of each row's norm")]
    [Limits(AtLeast = 0)]
    public IReadOnlyList<double> Sigmas { get; init; } = [0.05, 0.1, 0.2, 0.4];

    [Description("random directions")]
    [Limits(AtLeast = 2)]
    public int Samples { get; init; } = 30;

    [Description("rows the loss is computed on")]
    [Limits(AtLeast = 1)]
    public int Rows { get; init; } = 100;

    [Description("longest row in tokens; longer ones are cut")]
    [Limits(AtLeast = 2)]
    public int MaxLength { get; init; } = 1024;

    [Description("tokens per forward pass at most")]
    [Limits(AtLeast = 1)]
    public int MicroTokens { get; init; } = 4096;
}

/// <summary>Measures how flat the ground is on which a model's weights lie, and draws it.</summary>
public static class SharpnessRecipe
{
    private const int CurvesDrawn = 6;

    /// <summary>Rows where the user gives none: built-in problems nobody trained on.</summary>
    public static Dataset BuiltIn(long seed) => new(WordProblems.Take(ProblemSplit.Validation, unchecked(seed + 1000), 400), RowKind.Task, "built-in word problems", "", 0, []);

    /// <summary>Measures and writes sharpness.json and report.html to the run's folder.</summary>
    /// <param name="model">The model; an adapter, if there is one, already attached or merged.</param>
    /// <param name="data">Rows as <c>train sft</c> takes them.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Folder, seed, reporter.</param>
    /// <exception cref="HoneException">No row has anything to predict.</exception>
    public static JsonObject Run(TextModel model, Dataset data, SharpnessOptions options, RunContext run)
    {
        List<TrainingExample> examples = new RowExamples(model.Text, new SftFormat { MaxLength = options.MaxLength }).All(data.Rows.Take(options.Rows));
        if (examples.Count == 0) throw new HoneException($"{data.Path}: no row has anything to predict.");
        SupervisedObjective objective = new(model.Model);
        List<TrainingBatch> batches = TrainingBatch.Split(examples, options.MicroTokens);
        using IProgressTask progress = run.Reporter.Start("sharpness", (long)options.Sigmas.Count * options.Samples, "losses");
        IReadOnlyList<SharpnessPoint> points = Sharpness.Measure(
            model.Model.LinearLayers, () => Sharpness.MeanLoss(objective, batches, model.Workers), options.Sigmas, options.Samples, run.Rng("sharpness"), model.Workers, () => progress.Advance(1));
        JsonObject json = new()
        {
            ["loss"] = points.Count > 0 ? points[0].Base : null,
            ["rows"] = examples.Count,
            ["samples"] = options.Samples,
            ["seed"] = run.Seed,
            ["points"] = new JsonArray([.. points.Select(p => new JsonObject
            {
                ["sigma"] = p.Sigma,
                ["rise"] = p.Rise,
                ["rise_low"] = OverSeeds.Mean(p.Losses).Low - p.Base,
                ["rise_high"] = OverSeeds.Mean(p.Losses).High - p.Base,
                ["worst"] = p.Worst,
            })]),
        };
        AtomicFile.WriteText(run.PathOf("sharpness.json"), json.ToJsonString(Jsonl.Indented) + "\n");
        Draw(points, options).Write(run.PathOf("report.html"), $"seed {run.Seed}");
        return json;
    }

    private static ReportBuilder Draw(IReadOnlyList<SharpnessPoint> points, SharpnessOptions options)
    {
        ReportBuilder report = new("Sharpness", $"Loss around the weights along {options.Samples} random directions, each row scaled by its norm");
        double start = points.Count > 0 ? points[0].Base : 0;
        report.Chart(new LineChart
        {
            Title = "Mean loss with noise",
            Description = "The flatter the curve, the less the model suffers when its weights are moved. The band is a 95 % interval over directions.",
            XLabel = "noise as a share of each row's norm",
            YLabel = "mean −log p of a target token",
            Curves = [new("mean", [new(0, start), .. points.Select(p => new CurvePoint(p.Sigma, p.Losses.Average(), OverSeeds.Mean(p.Losses).Low, OverSeeds.Mean(p.Losses).High))])],
        });
        report.Chart(new LineChart
        {
            Title = "Along single directions",
            XLabel = "noise as a share of each row's norm",
            YLabel = "mean −log p of a target token",
            Curves = [.. Enumerable.Range(0, Math.Min(CurvesDrawn, options.Samples)).Select(d => new Curve($"direction {d + 1}", [new(0, start), .. points.Select(p => new CurvePoint(p.Sigma, p.Losses[d]))]))],
        });
        report.Table(["sigma", "mean rise", "largest rise"], [.. points.Select(p => (IReadOnlyList<string>)[$"{p.Sigma}", $"{p.Rise:0.0000}", $"{p.Worst:0.0000}"])]);
        return report;
    }
}

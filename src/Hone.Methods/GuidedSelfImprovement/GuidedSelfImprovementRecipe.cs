using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Inference;
using Hone.Models.Formats;
using Hone.Models.Loading;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>What <c>hone improve</c> runs: from a model and a task to a better model and the evidence, in one folder.</summary>
[Method("guided-self-improvement", Stage = "self-improvement",
    Paper = "Mitigating Tail Narrowing in LLM Self-Improvement via Socratic-Guided Sampling", ArXiv = "2411.00750", Command = "hone improve")]
public static class GuidedSelfImprovementRecipe
{
    /// <summary>Improves the model and writes run.json, metrics.jsonl, report.html and model/ to the run's folder.</summary>
    /// <param name="model">Changed in place.</param>
    /// <param name="modelPath">As the user gave it.</param>
    /// <param name="data">The user's rows, or null for the built-in task.</param>
    /// <param name="options">Settings.</param>
    /// <param name="gguf">Write model.gguf instead of a folder.</param>
    /// <param name="version">Version of Hone.</param>
    /// <param name="run">Folder, seed, reporter.</param>
    /// <returns>The content of run.json.</returns>
    /// <exception cref="HoneException">Bad settings or rows, or nothing could be learnt.</exception>
    public static JsonObject Run(
        TextModel model, string modelPath, Dataset? data, ImproveOptions options, bool gguf, string version, RunContext run)
    {
        options = options.Validated().Effective();
        string hash = HashOf(modelPath);
        RunIdentity.Check(run.PathOf("inputs.json"), new JsonObject
        {
            ["model_sha256"] = hash,
            ["data_sha256"] = data?.Sha256 ?? "",
            ["seed"] = run.Seed,
            ["options"] = System.Text.Json.JsonSerializer.SerializeToNode(options with { BudgetMinutes = 0 }, RoundResult.Json),
        });
        ImproveTask task = data is null ? ImproveTask.BuiltIn(options, run.Seed) : ImproveTask.Of(data, options, run.Seed);
        ImproveOutcome outcome = new ImproveRun(model, task, options, run).Run();
        if (gguf) AtomicFile.WriteFolder(run.PathOf("model"), folder => SaveGguf(Path.Combine(folder, "model.gguf"), model.Loaded, run.Reporter));
        else model.Save(run.PathOf("model"));
        JsonObject json = ImproveJson.Of(outcome, modelPath, hash, version, model.Workers.Threads, run);
        AtomicFile.WriteText(run.PathOf("run.json"), json.ToJsonString(Jsonl.Indented) + "\n");
        WriteMetrics(run.PathOf("metrics.jsonl"), outcome);
        ImproveReport.Write(run.PathOf("report.html"), outcome, modelPath, $"Hone {version}, seed {run.Seed}, {model.Workers.Threads} threads");
        return json;
    }

    private static void SaveGguf(string path, LoadedModel loaded, IReporter reporter)
    {
        if (GgufSaver.Save(path, loaded) is { } note) reporter.Warn(note);
    }

    /// <summary>Losses of all rounds and their validation results, one line each.</summary>
    private static void WriteMetrics(string path, ImproveOutcome outcome) => Jsonl.Write(path, outcome.Rounds.SelectMany(r => r.Losses
        .Select((loss, i) => new JsonObject { ["round"] = r.Round, ["step"] = i + 1, ["loss"] = double.IsFinite(loss) ? Math.Round(loss, 6) : null })
        .Append(new JsonObject { ["round"] = r.Round, ["validation_accuracy"] = r.ValidationAccuracy, ["rows"] = r.TrainingRows })));

    private static string HashOf(string modelPath)
    {
        if (!File.Exists(modelPath) && !Directory.Exists(modelPath)) return ""; // a model made in memory
        string file = ModelFiles.Resolve(modelPath);
        return File.Exists(file) ? Dataset.HashOf(file) : "";
    }
}

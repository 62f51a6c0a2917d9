using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Methods.Supervised;
using Hone.Models.Decoder;
using Hone.Models.Loading;

namespace Hone.Methods.Scir;

/// <summary>What <c>hone train scir</c> runs: a model that labels its own pairs, and learns only where its rewards agree.</summary>
[Method("scir", Stage = "preference", Paper = "Self-Consistency of the Internal Reward Models Improves Self-Rewarding Language Models", ArXiv = "2502.08922", Command = "hone train scir")]
public static class ScirRecipe
{
    /// <summary>Trains, and writes iteration-N/pairs.jsonl and audit.json, metrics.jsonl and the result into the run's folder.</summary>
    /// <param name="model">Policy and judge; trained in place.</param>
    /// <param name="data">Rows with a prompt or a question; answers in them are not read.</param>
    /// <param name="anchor">Pairs with known preferences, or null.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed, reporter, folder.</param>
    /// <param name="dryRun">Sample and compute the first batch and update nothing.</param>
    /// <returns>What <c>--json</c> prints.</returns>
    public static JsonObject Run(TextModel model, Dataset data, Dataset? anchor, ScirOptions options, RunContext run, bool dryRun = false)
    {
        Row? without = data.Rows.FirstOrDefault(r => !r.Has("prompt") && !r.Has("question"));
        if (without is not null) throw without.Error("no prompt to answer: expected a field 'prompt' or 'question'.");
        string template = options.JudgeTemplate.Length == 0 ? JudgePrompt.DefaultTemplate : ReadTemplate(options.JudgeTemplate);
        JudgePrompt judge = new(model.Text, template, options.VerdictFirst, options.VerdictSecond);
        if (!dryRun && run.Folder.Length > 0) RunIdentity.Check(run.PathOf("inputs.json"), Inputs(data, anchor, options, run));
        RunContext own = dryRun ? new("", run.Seed, run.Reporter, run.Cancellation) : run;
        LanguageModel? reference = Reference(model, options);
        PairSampler sampler = new(model, judge, options, own);
        ScirAnchor known = anchor is null ? ScirAnchor.None(judge) : ScirAnchor.Of(model, anchor, judge, sampler, options.HeldOutShare, reference ?? model.Model, own);
        if (anchor is null) run.Reporter.Warn("no anchor: nothing tells whether the labels the model gives itself are right. Give pairs with known preferences with --anchor.");
        int prompts = dryRun ? Math.Min(data.Rows.Count, options.Train.Batch) : data.Rows.Count;
        ScirSource source = new(model, [.. data.Rows.Take(prompts)], judge, sampler, known, reference, options, own);
        ScirOptions whole = options with { Train = options.Train with { Steps = source.StepsPerIteration * options.Iterations } };
        TrainingJob job = new(model, whole, run, dryRun);
        JsonObject result = job.Run(source, data.Rows.Count, new ScirObjective(model.Model, judge, options.Loss, options.Train.Recompute));
        if (!dryRun) source.Audit(options.Iterations);
        result["iterations"] = options.Iterations;
        result["pairs"] = new JsonArray([.. source.PairCounts.Values.Select(c => (JsonNode)c)]);
        result["audits"] = new JsonArray([.. source.Audits.Values.Select(a => a.ToJson())]);
        result["data_sha256"] = data.Sha256;
        job.Record(result);
        return result;
    }

    private static LanguageModel? Reference(TextModel model, ScirOptions options)
    {
        if (options.RefModel.Length == 0 && options.Reference == ScirReference.Previous) return null;
        string path = options.RefModel.Length > 0 ? options.RefModel : model.Loaded.Path;
        LanguageModel reference = ModelLoader.Load(path).Model;
        return reference.Config.VocabularySize == model.Model.Config.VocabularySize ? reference
            : throw new HoneException($"{path}: the reference model has {reference.Config.VocabularySize} tokens, the model {model.Model.Config.VocabularySize}: they do not share a tokenizer.");
    }

    private static string ReadTemplate(string path) => File.Exists(path)
        ? File.ReadAllText(path).TrimEnd('\n')
        : throw new HoneException($"{path}: no such file. --judge-template takes a text file with {{{{prompt}}}}, {{{{a}}}} and {{{{b}}}} in it.");

    private static JsonObject Inputs(Dataset data, Dataset? anchor, ScirOptions options, RunContext run) => new()
    {
        ["data_sha256"] = data.Sha256,
        ["anchor_sha256"] = anchor?.Sha256 ?? "",
        ["seed"] = run.Seed,
        ["options"] = JsonSerializer.SerializeToNode(options with { Train = options.Train with { CheckpointEvery = 0, LogEvery = 1 } }, RoundResult.Json),
    };
}

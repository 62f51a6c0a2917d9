using System.Text.Json.Nodes;
using Hone.Agents.Chat;
using Hone.Core;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.OnPolicy;
using Hone.Methods.Supervised;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Training.Objectives;
using Microsoft.Extensions.AI;

namespace Hone.Methods.Scir;

/// <summary>What <c>hone train scir</c> runs: a model that labels its own pairs, and learns only where its rewards agree.</summary>
[Method("scir", Stage = "preference", Paper = "Self-Consistency of the Internal Reward Models Improves Self-Rewarding Language Models", ArXiv = "2502.08922", Command = "hone train scir")]
public static class ScirRecipe
{
    /// <summary>Trains, and writes iteration-N/pairs.jsonl and audit.json, metrics.jsonl, report.html and the result into the run's folder.</summary>
    /// <param name="model">Policy and judge; trained in place.</param>
    /// <param name="data">Rows with a prompt or a question; answers in them are not read.</param>
    /// <param name="anchor">Pairs with known preferences, or null.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed, reporter, folder.</param>
    /// <param name="dryRun">Sample and compute the first batch and update nothing.</param>
    /// <returns>What <c>--json</c> prints.</returns>
    public static JsonObject Run(TextModel model, Dataset data, Dataset? anchor, ScirOptions options, RunContext run, bool dryRun = false)
    {
        IReadOnlyList<Row> prompts = PromptRows.Of(data);
        string template = options.JudgeTemplate.Length == 0 ? JudgePrompt.DefaultTemplate : ReadTemplate(options.JudgeTemplate);
        JudgePrompt judge = new(model.Text, template, options.VerdictFirst, options.VerdictSecond);
        RunContext own = dryRun ? new("", run.Seed, run.Reporter, run.Cancellation) : run;
        ScirOptions whole = options with { Train = options.Train with { Steps = options.StepsPerIteration(prompts.Count) * options.Iterations } };
        if (dryRun) prompts = [.. prompts.Take(options.Train.Batch)];
        TrainingJob job = new(model, whole, run, dryRun)
        {
            Inputs = new JsonObject { ["data_sha256"] = data.Sha256, ["rows"] = prompts.Count, ["anchor_sha256"] = anchor?.Sha256 ?? "", ["judge_template"] = template },
        };
        ReferencePolicy? reference = Reference(model, options, job);
        using IChatClient? client = options.Judge.Length == 0 ? null : LocalEndpoints.Open(options.Judge, new ChatEndpointOptions { Cache = own.Folder.Length == 0 ? null : own.PathOf("judge") });
        EndpointJudge? other = client is null ? null : new(client, judge, run.Seed);
        PairSampler sampler = new(model, judge, options, own) { Judge = other };
        ScirAnchor known = anchor is null
            ? ScirAnchor.None(judge)
            : ScirAnchor.Of(model, anchor, judge, sampler, options.HeldOutShare, reference ?? ReferencePolicy.Of(model.Model), own);
        if (anchor is null) run.Reporter.Warn("no anchor: nothing tells whether the labels the model gives itself are right. Give pairs with known preferences with --anchor.");
        ScirSource source = new(model, prompts, judge, sampler, known, reference, whole, own);
        JsonObject result = job.Run(source, data.Rows.Count, new ScirObjective(model.Model, judge, options.Loss, options.Train.Recompute));
        if (!dryRun) source.Finish();
        if (other is not null)
        {
            result["judge_unreadable"] = other.Unreadable;
            if (other.Unreadable > 0) run.Reporter.Warn($"{other.Unreadable} questions to the judge were not answered by '{options.VerdictFirst}' or '{options.VerdictSecond}'; their pairs are never consistent.");
        }
        result["iterations"] = options.Iterations;
        result["pairs"] = new JsonArray([.. source.PairCounts.Values.Select(c => (JsonNode)c)]);
        result["audits"] = new JsonArray([.. source.Audits.Values.Select(a => a.ToJson())]);
        result["data_sha256"] = data.Sha256;
        job.Record(result);
        return result;
    }

    private static ReferencePolicy? Reference(TextModel model, ScirOptions options, TrainingJob job)
    {
        if (options.RefModel.Length == 0)
        {
            if (options.Reference == ScirReference.Previous) return null;
            return job.Adapter is { } adapter ? ReferencePolicy.Below(adapter) : ReferencePolicy.CopyOf(model.Model);
        }
        LanguageModel reference = ModelLoader.Load(ModelFiles.Locate(options.RefModel)).Model;
        return reference.Config.VocabularySize == model.Model.Config.VocabularySize ? ReferencePolicy.Of(reference)
            : throw new HoneException($"{options.RefModel}: the reference model has {reference.Config.VocabularySize} tokens, the model {model.Model.Config.VocabularySize}: they do not share a tokenizer.");
    }

    private static string ReadTemplate(string path) => File.Exists(path)
        ? File.ReadAllText(path).TrimEnd('\n')
        : throw new HoneException($"{path}: no such file. --judge-template takes a text file with {{{{prompt}}}}, {{{{a}}}} and {{{{b}}}} in it.");
}

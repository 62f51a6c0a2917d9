using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.InverseQ;

/// <summary>Inverse-Q* from prompts to files: token rewards read off an estimate of the optimal policy, imitated on the policy's own samples.</summary>
[Method("inverse-q", Stage = "preference", Paper = "Inverse-Q*: Token Level Reinforcement Learning for Aligning Large Language Models Without Preference Data", ArXiv = "2408.14874", Command = "hone train inverse-q")]
public static class InverseQRecipe
{
    /// <summary>Trains; see <see cref="TrainingJob"/> for what is written.</summary>
    /// <exception cref="HoneException">No prompts, models that do not share tokens, or an estimator that says nothing.</exception>
    public static JsonObject Run(TextModel model, Dataset data, InverseQOptions options, RunContext run, bool dryRun)
    {
        List<Row> rows = Prompts(data, model, options);
        int leftOut = data.Rows.Count - rows.Count;
        if (leftOut > 0) run.Reporter.Warn($"{leftOut} prompts leave no room for {options.MaxCompletionLength} tokens and were left out.");
        LanguageModel start = options.RefModel.Length > 0 ? Load(options.RefModel, model, "reference") : FrozenCopy.Of(model.Model, model.Workers);
        LanguageModel copy = options.RefreshEvery > 0 || options.RefModel.Length > 0 ? FrozenCopy.Of(model.Model, model.Workers) : start;
        ITokenPolicyEstimator estimator = EstimatorOf(model, start, copy, options);
        InverseQSource source = new(model, rows, start, estimator, options.RefreshEvery > 0 ? copy : null, options, run);
        TrainingJob job = new(model, options, run, dryRun);
        JsonObject result = job.Run(source, rows.Count, ObjectiveOf(model, source, estimator, options));
        (result["rows_left_out"], result["completions_left_out"], result["data_sha256"]) = (leftOut + data.Skipped, source.TooLong, data.Sha256);
        job.Record(result);
        return result;
    }

    /// <summary>The estimator that the options ask for.</summary>
    internal static ITokenPolicyEstimator EstimatorOf(TextModel model, LanguageModel reference, LanguageModel copy, InverseQOptions options)
    {
        ModelEstimator Of(LanguageModel from, Func<ConditionedSample, int[]> prompt) => new(from, prompt, options.Train.MicroTokens, model.Workers);
        return options.Estimator switch
        {
            EstimatorKind.Conditioned => Of(copy, s => s.Good),
            EstimatorKind.Contrastive => new ContrastiveEstimator(Of(reference, s => s.Prompt), Of(copy, s => s.Good), Of(copy, s => s.Bad), options.ContrastWeight, model.Workers),
            _ => Of(Load(options.EstimatorModel, model, "estimating"), s => s.Good),
        };
    }

    internal static IObjective ObjectiveOf(TextModel model, InverseQSource source, ITokenPolicyEstimator estimator, InverseQOptions options) => options.Loss == RewardImitation.Full
        ? new DistillationObjective(model.Model, (tape, batch) => estimator.Logits(tape, [.. batch.Examples.Where(e => e.Sequences[0].Targets > 0).Select(source.SampleOf)]), 1, 1, options.Train.Recompute)
        : new InverseQObjective(model.Model, options.Loss, options.Beta, options.Clip, options.Epsilon, options.Normalization == TokenMean.Sequence, options.Train.Recompute);

    /// <summary>Rows with a question that leaves room for a completion.</summary>
    private static List<Row> Prompts(Dataset data, TextModel model, InverseQOptions options)
    {
        string[] conditions = ["", Conditions.Read(options.Condition), Conditions.Read(options.Negative)];
        List<Row> rows = [.. data.Rows.Where(row =>
            conditions.Max(c => Conditions.Prompt(model.Text, c, row).Length) + options.MaxCompletionLength <= model.Model.Config.MaxPositions)];
        return rows.Count > 0 ? rows : throw new HoneException($"{data.Path}: no prompt leaves room for {options.MaxCompletionLength} tokens in a context of {model.Model.Config.MaxPositions}. Lower max_completion_length.");
    }

    private static LanguageModel Load(string path, TextModel model, string what)
    {
        LanguageModel other = ModelLoader.Load(Assets.Find(path) ?? path).Model;
        return other.Config.VocabularySize == model.Model.Config.VocabularySize ? other
            : throw new HoneException($"the {what} model has {other.Config.VocabularySize} tokens, the model {model.Model.Config.VocabularySize}: credit for single tokens needs the same tokenizer.");
    }
}

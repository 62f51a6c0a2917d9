using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.OnPolicy;

/// <summary>Learning from the model's own samples, judged by a checker.</summary>
public static class RolloutRecipes
{
    private const int BuiltInRows = 600;

    /// <summary>The built-in word problems as rows, for runs without data.</summary>
    public static Dataset BuiltIn(long seed) =>
        new(WordProblems.Take(ProblemSplit.Train, unchecked(seed + 1000), BuiltInRows), RowKind.Task, "built-in word problems", "", 0, []);

    /// <summary>GRPO and its variants.</summary>
    public static JsonObject Grpo(TextModel model, Dataset data, GrpoRecipeOptions options, RunContext run, bool dryRun)
    {
        GrpoOptions loss = options.Loss with { MaxCompletionLength = options.MaxCompletionLength };
        AdvantageRule rule = (rewards, _) => GroupAdvantages.Grpo([rewards], options.NumGenerations, options.ScaleRewards);
        return Run(model, data, options, run, dryRun, rule, loss.Beta != 0, new GrpoObjective(model.Model, loss, options.Train.Recompute));
    }

    /// <summary>REINFORCE leave-one-out.</summary>
    public static JsonObject Rloo(TextModel model, Dataset data, RlooRecipeOptions options, RunContext run, bool dryRun)
    {
        AdvantageRule rule = (rewards, kl) => GroupAdvantages.LeaveOneOut(RlooLoss.Rewards(rewards, kl, options.Beta, null), options.NumGenerations, options.NormalizeAdvantages);
        return Run(model, data, options, run, dryRun, rule, options.Beta != 0, new RlooObjective(model.Model, options.Train.Recompute));
    }

    private static JsonObject Run(
        TextModel model, Dataset data, RolloutOptions options, RunContext run, bool dryRun, AdvantageRule rule, bool needsReference, IObjective objective)
    {
        if (data.Kind != RowKind.Task)
            throw new HoneException($"{data.Path}: rows of kind {data.Kind.ToString().ToLowerInvariant()} have no reference answer to check against. Expected question and answer; --map names the columns.");
        CheckerChoice choice = options.Check.Length > 0
            ? new(CheckerRegistry.Create(options.Check, data.Rows), $"checker '{options.Check}': asked for")
            : CheckerRegistry.Choose(data.Rows);
        run.Reporter.Line(choice.Reason);
        string referencePath = options.RefModel.Length > 0 ? options.RefModel : model.Loaded.Path;
        LanguageModel? reference = needsReference ? ModelLoader.Load(referencePath).Model : null;
        RolloutSource source = new(model, data.Rows, choice.Checker, options, run, rule, reference);
        TrainingJob job = new(model, options, run, dryRun);
        JsonObject result = job.Run(source, data.Rows.Count, objective);
        (result["checker"], result["data_sha256"]) = (choice.Checker.Name, data.Sha256);
        job.Record(result);
        return result;
    }
}

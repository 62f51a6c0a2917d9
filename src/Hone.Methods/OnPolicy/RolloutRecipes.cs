using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.OnPolicy;

/// <summary>Learning from the model's own samples with one advantage for each completion: GRPO, RLOO, REINFORCE.</summary>
public static class RolloutRecipes
{
    private const int BuiltInRows = 4000;

    /// <summary>The built-in word problems as rows, for runs without data.</summary>
    public static Dataset BuiltIn(long seed) =>
        new(WordProblems.Take(ProblemSplit.Train, unchecked(seed + 1000), BuiltInRows), RowKind.Task, "built-in word problems", $"built-in/{seed}", 0, []);

    /// <summary>GRPO and its variants.</summary>
    public static JsonObject Grpo(TextModel model, Dataset data, GrpoRecipeOptions options, RunContext run, bool dryRun, RewardSet? rewards = null)
    {
        GrpoOptions loss = options.Loss with { MaxCompletionLength = options.MaxCompletionLength };
        using OnPolicyRun trainer = new(model, data, options, run, dryRun, rewards: rewards);
        ReferencePolicy? reference = loss.Beta != 0 ? trainer.Reference() : null;
        RoundSource source = trainer.Rounds(round =>
        {
            SampledRound sampled = trainer.Sampler.Sample(round, options.Train.Batch / options.NumGenerations, options.NumGenerations);
            List<TrainingExample> examples = sampled.Examples;
            if (reference is not null) examples = reference.AddTo(examples, options.Train.MicroTokens, model.Workers, options.Temperature);
            if (options.NumIterations > 1) examples = WithOld(model, examples, options);
            // Without a penalty the total is the weighted sum of the functions, which may be aggregated in another order.
            IReadOnlyList<double[]> given = options.MissingEosPenalty > 0 ? [sampled.Rewards.Total] : sampled.Rewards.ByFunction;
            double[] advantages = GroupAdvantages.Grpo(
                given, options.NumGenerations, options.ScaleRewards, options.MissingEosPenalty > 0 ? null : trainer.RewardWeights, options.MultiObjectiveAggregation);
            return Repeated(WithAdvantages(examples, advantages), options.NumIterations);
        });
        return trainer.Train(source, new GrpoObjective(model.Model, loss, options.Train.Recompute) { SkipsZeroAdvantages = !dryRun, Temperature = options.Temperature });
    }

    /// <summary>REINFORCE leave-one-out.</summary>
    public static JsonObject Rloo(TextModel model, Dataset data, RlooRecipeOptions options, RunContext run, bool dryRun, RewardSet? rewards = null)
    {
        using OnPolicyRun trainer = new(model, data, options, run, dryRun, rewards: rewards);
        ReferencePolicy? reference = options.Beta != 0 ? trainer.Reference() : null;
        RoundSource source = trainer.Rounds(round =>
        {
            SampledRound sampled = trainer.Sampler.Sample(round, options.Train.Batch / options.NumGenerations, options.NumGenerations);
            (List<TrainingExample> examples, double[] penalised) = Penalised(trainer, reference, sampled, options.Beta);
            return WithAdvantages(examples, GroupAdvantages.LeaveOneOut(penalised, options.NumGenerations, options.NormalizeAdvantages));
        });
        return trainer.Train(source, new RlooObjective(model.Model, options.Train.Recompute) { Temperature = options.Temperature });
    }

    /// <summary>REINFORCE with a baseline.</summary>
    public static JsonObject Reinforce(TextModel model, Dataset data, ReinforceRecipeOptions options, RunContext run, bool dryRun, RewardSet? rewards = null)
    {
        using OnPolicyRun trainer = new(model, data, options, run, dryRun, rewards: rewards);
        ReferencePolicy? reference = options.Beta != 0 ? trainer.Reference() : null;
        RoundSource source = trainer.Rounds(round =>
        {
            SampledRound sampled = trainer.Sampler.Sample(round, options.Train.Batch / options.NumGenerations, options.NumGenerations);
            (List<TrainingExample> examples, double[] penalised) = Penalised(trainer, reference, sampled, options.Beta);
            return WithAdvantages(examples, WithoutBaseline(trainer, sampled, penalised, options));
        });
        return trainer.Train(source, new RlooObjective(model.Model, options.Train.Recompute, "reinforce") { Temperature = options.Temperature });
    }

    /// <summary>The examples with a column <c>advantage</c>.</summary>
    public static List<TrainingExample> WithAdvantages(IReadOnlyList<TrainingExample> examples, IReadOnlyList<double> advantages) =>
        [.. examples.Select((e, i) => e with { Columns = new Dictionary<string, double>(e.Columns ?? new Dictionary<string, double>()) { ["advantage"] = advantages[i] } })];

    private static double[] WithoutBaseline(OnPolicyRun trainer, SampledRound sampled, double[] rewards, ReinforceRecipeOptions options) => options.Baseline switch
    {
        ReinforceBaseline.Batch => GroupAdvantages.LeaveOneOut(rewards, rewards.Length, normalise: false),
        ReinforceBaseline.Greedy => GroupAdvantages.AgainstGreedy(rewards, trainer.Sampler.Greedy([.. sampled.Rows.Chunk(options.NumGenerations).Select(g => g[0])]), options.NumGenerations),
        _ => [.. rewards.Select(r => double.IsNaN(r) ? 0 : r)],
    };

    /// <summary>Rewards with β times the completion's KL divergence taken off.</summary>
    private static (List<TrainingExample> Examples, double[] Rewards) Penalised(OnPolicyRun trainer, ReferencePolicy? reference, SampledRound sampled, double beta)
    {
        if (reference is null) return (sampled.Examples, sampled.Rewards.Total);
        (List<TrainingExample> examples, double[] kl) = trainer.WithReference(reference, sampled.Examples);
        examples = [.. examples.Select((e, i) => e with { Logged = new Dictionary<string, double>(e.Logged!) { ["kl"] = kl[i] } })];
        return (examples, RlooLoss.Rewards(sampled.Rewards.Total, kl, beta, null));
    }

    private static List<TrainingExample> WithOld(TextModel model, List<TrainingExample> examples, RolloutOptions options)
    {
        PolicyView view = PolicyView.Of(model.Model, null, examples, options.Train.MicroTokens, model.Workers, options.Temperature);
        return [.. examples.Select((e, i) => e with { Sequences = [e.Sequences[0].WithTokenColumn(PpoPreparation.Old, view.LogProbs[i])] })];
    }

    private static List<TrainingExample> Repeated(List<TrainingExample> examples, int times) =>
        [.. Enumerable.Repeat(examples, times).SelectMany(e => e)];
}

using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Inference;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.OnPolicy;

/// <summary>
/// Gives the rewards of single tokens, [completions][targets], before the KL divergence is taken off: what a method with rewards of its
/// own plugs into PPO.
/// </summary>
public delegate double[][] TokenRewardRule(SampledRound round);

/// <summary>Learning from the model's own samples token by token, in several updates from each sampling: PPO and REINFORCE++.</summary>
public static class PpoRecipes
{
    /// <summary>PPO with generalised advantage estimation and a value head on the policy's hidden states.</summary>
    /// <param name="model">The policy, trained in place.</param>
    /// <param name="data">Rows with prompts.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Folder, seed, reporter.</param>
    /// <param name="dryRun">Compute the first batch and update nothing.</param>
    /// <param name="rewards">Given by code; null takes those the options name.</param>
    /// <param name="tokenRewards">Rewards of single tokens; null puts a completion's reward on its last token.</param>
    /// <param name="critic">The value head; null for a fresh one.</param>
    public static JsonObject Ppo(
        TextModel model, Dataset data, PpoRecipeOptions options, RunContext run, bool dryRun, RewardSet? rewards = null, TokenRewardRule? tokenRewards = null,
        ValueHead? critic = null) =>
        Run(model, data, options, run, dryRun, critic ?? new ValueHead(model.Model.Config.HiddenSize), rewards, tokenRewards ?? AtLast(null));

    /// <summary>REINFORCE++: PPO's clipped update with discounted returns, standardised over the whole batch, in the critic's place. Hu, arXiv:2501.03262.</summary>
    public static JsonObject ReinforcePlusPlus(TextModel model, Dataset data, ReinforcePlusPlusRecipeOptions options, RunContext run, bool dryRun, RewardSet? rewards = null) =>
        Run(model, data, options, run, dryRun, null, rewards, AtLast(options.GroupBaseline ? options.NumGenerations : null));

    private static JsonObject Run(
        TextModel model, Dataset data, TokenPolicyOptions options, RunContext run, bool dryRun, ValueHead? critic, RewardSet? rewards, TokenRewardRule rule)
    {
        using OnPolicyRun trainer = new(model, data, options, run, dryRun, critic, rewards);
        ReferencePolicy? reference = options.Advantage.KlCoef > 0 ? trainer.Reference() : null;
        PpoPreparation preparation = new(model.Model, critic, options.Advantage, options.Train.MicroTokens, model.Workers, options.Temperature);
        RoundSource? source = null;
        source = trainer.Rounds(round =>
        {
            SampledRound sampled = trainer.Sampler.Sample(round, options.Completions / options.NumGenerations, options.NumGenerations);
            List<TrainingExample> examples = reference is null ? sampled.Examples : reference.AddTo(sampled.Examples, options.Train.MicroTokens, model.Workers, options.Temperature);
            double coefficient = source!.State;
            examples = preparation.Prepare(examples, rule(sampled), coefficient);
            source.State = Adapted(coefficient, examples, options.Advantage);
            return Passes(examples, options, run.Rng($"ppo/round={round}"));
        });
        source.State = options.Advantage.KlCoef;
        return trainer.Train(source, new PpoObjective(model.Model, critic, options.Loss, options.Train.Recompute) { Temperature = options.Temperature });
    }

    /// <summary>A completion's reward, less its group's mean where asked, on its last token; nothing where it was not judged.</summary>
    private static TokenRewardRule AtLast(int? group) => round =>
    {
        double[] rewards = round.Rewards.Total;
        if (group is { } size)
            rewards = [.. rewards.Chunk(size).SelectMany(g => g.Select(r => r - GroupAdvantages.Moments(g).Mean))];
        return [.. round.Examples.Select((e, i) => PpoPreparation.AtLast(e, double.IsNaN(rewards[i]) ? 0 : rewards[i]))];
    };

    private static double Adapted(double coefficient, List<TrainingExample> examples, TokenRewardOptions options)
    {
        if (options.TargetKl == 0) return coefficient;
        double kl = examples.Average(e => e.Logged!["objective/kl"]);
        return TokenAdvantages.AdaptKlCoefficient(coefficient, kl, examples.Count, options.TargetKl, options.KlHorizon);
    }

    /// <summary>The sampling once for each epoch, in a new order.</summary>
    private static List<TrainingExample> Passes(List<TrainingExample> examples, TokenPolicyOptions options, RandomStream random)
    {
        List<TrainingExample> all = new(options.RoundExamples);
        for (int epoch = 0; epoch < options.NumPpoEpochs; epoch++)
        {
            TrainingExample[] order = [.. examples];
            random.Derive(epoch).Shuffle<TrainingExample>(order);
            all.AddRange(order);
        }
        return all;
    }
}

using Hone.Models.Decoder;
using Hone.Tensors.Threads;
using Hone.Training.Batching;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>
/// From sampled completions and rewards of their tokens to what <see cref="PpoObjective"/> learns from: log-probabilities and values as
/// they are now, the KL divergence to the reference taken off the rewards, advantages and returns.
/// </summary>
/// <param name="model">The policy that sampled.</param>
/// <param name="head">Its critic; null estimates without one: discounted returns instead of GAE, as REINFORCE++ does (Hu, arXiv:2501.03262).</param>
/// <param name="options">Settings.</param>
/// <param name="microTokens">Tokens per forward pass at most.</param>
/// <param name="workers">Threads.</param>
/// <param name="temperature">That of the sampling.</param>
public sealed class PpoPreparation(LanguageModel model, ValueHead? head, TokenRewardOptions options, int microTokens, WorkerPool? workers, double temperature = 1)
{
    /// <summary>Names of the columns that <see cref="PpoObjective"/> reads.</summary>
    public const string Old = "old_logprob", Advantage = "advantage", Return = "return", Value = "value";

    /// <summary>Attaches the columns, and what TRL logs about the batch.</summary>
    /// <param name="completions">Examples of one sequence each, whose targets are what was sampled; with <see cref="TrainingSequence.Reference"/> where the KL counts.</param>
    /// <param name="tokenRewards">[completions][targets] rewards, without the KL term. A completion's own reward belongs to its last target.</param>
    /// <param name="klCoefficient">Weight of the KL; null takes the options'.</param>
    /// <exception cref="ArgumentException">Not one reward for each target.</exception>
    public List<TrainingExample> Prepare(IReadOnlyList<TrainingExample> completions, double[][] tokenRewards, double? klCoefficient = null)
    {
        PolicyView view = PolicyView.Of(model, head, completions, microTokens, workers, temperature);
        double[][] mask = [.. view.LogProbs.Select(r => r.Select(_ => 1.0).ToArray())];
        double[][] reference = [.. completions.Select((c, i) => ReferenceOf(c.Sequences[0]) ?? view.LogProbs[i])];
        double coefficient = klCoefficient ?? options.KlCoef;
        double[][] kl = TokenAdvantages.Rewards(view.LogProbs, reference, mask, new double[mask.Length], coefficient, options.KlEstimator);
        double[][] rewards = [.. tokenRewards.Select((r, i) => Added(r, kl[i]))];
        if (options.WhitenRewards) rewards = TokenAdvantages.Whiten(rewards, mask, keepMean: true);
        (double[][] advantages, double[][] returns) = head is null
            ? (TokenAdvantages.Returns(rewards, mask, options.Gamma), rewards)
            : TokenAdvantages.Gae(rewards, view.Values, mask, options.Gamma, options.Lam);
        if (options.WhitenAdvantages) advantages = TokenAdvantages.Whiten(advantages, mask, isSample: head is not null);
        return [.. completions.Select((completion, i) => Attached(completion, i))];

        TrainingExample Attached(TrainingExample completion, int i)
        {
            TrainingSequence sequence = completion.Sequences[0].WithTokenColumn(Old, view.LogProbs[i]).WithTokenColumn(Advantage, advantages[i]);
            if (head is not null) sequence = sequence.WithTokenColumn(Return, returns[i]).WithTokenColumn(Value, view.Values[i]);
            double divergence = view.LogProbs[i].Zip(reference[i], (p, r) => p - r).Sum(), given = tokenRewards[i].Sum();
            Dictionary<string, double> logged = new(completion.Logged ?? new Dictionary<string, double>())
            {
                ["objective/kl"] = divergence,
                ["objective/entropy"] = view.Entropies[i].Sum(),
                ["objective/non_score_reward"] = kl[i].Sum(),
                ["objective/rlhf_reward"] = kl[i].Sum() + given,
                ["objective/scores"] = given,
            };
            return completion with { Sequences = [sequence], Logged = logged };
        }
    }

    /// <summary>[targets] rewards of a completion whose score belongs to its last target; empty where nothing counts.</summary>
    public static double[] AtLast(TrainingExample completion, double score)
    {
        double[] rewards = new double[completion.Sequences[0].Targets];
        if (rewards.Length > 0) rewards[^1] = score;
        return rewards;
    }

    private static double[] Added(double[] given, double[] kl) => given.Length == kl.Length
        ? [.. given.Zip(kl, (g, k) => g + k)]
        : throw new ArgumentException($"{given.Length} rewards for {kl.Length} targets");

    private static double[]? ReferenceOf(TrainingSequence sequence) =>
        sequence.Reference is not { } all ? null : [.. sequence.TargetPlaces().Select(p => (double)all[p])];
}

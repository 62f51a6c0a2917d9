using Hone.Methods.OnPolicy;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Tests.Training;

/// <summary>On a bandit and on chains of tokens that can be enumerated the on-policy objectives do what theory says.</summary>
public class PolicyGradientTests
{
    private const int Vocabulary = 6;

    private static double Ascending(int[] tokens)
    {
        int right = 0;
        for (int t = 0; t < tokens.Length; t++) right += tokens[t] == ((t == 0 ? 0 : tokens[t - 1]) + 1) % Vocabulary ? 1 : 0;
        return right / (double)tokens.Length;
    }

    /// <summary>
    /// Σ π(y) A(y) ∇log π(y) is the gradient of the expected reward, whatever the baseline: policy gradient theorem, Sutton et al. 2000.
    /// The expectation is taken over all sequences, with π(y) in the advantage.
    /// </summary>
    [Theory]
    [InlineData(1, 0.0, 1.0)]
    [InlineData(1, 0.7, 1.0)]
    [InlineData(3, 0.0, 1.0)]
    [InlineData(3, 0.4, 1.0)]
    [InlineData(3, 0.4, 1.7)]
    public void The_expected_update_is_the_gradient_of_the_expected_reward(int length, double baseline, double temperature)
    {
        LanguageModel model = Model(3);
        ChainTask task = new(model, Vocabulary, length, Ascending) { Temperature = temperature };
        List<TrainingExample> all = task.All();
        double[] probability = [.. all.Select(e => task.Probability(e.Sequences[0].Ids[1..]))];
        Assert.Equal(1, probability.Sum(), 1e-5);
        List<TrainingExample> weighted = RolloutRecipes.WithAdvantages(all, [.. all.Select((e, i) => all.Count * probability[i] * (task.Reward(e) - baseline))]);
        double[] truth = Gradient(model, new ExpectedReward(model, [.. all.Select(task.Reward)], temperature), all);
        Close(truth, Gradient(model, new RlooObjective(model) { Temperature = temperature }, weighted), -1);
        // Per-token means divide by the length as well, and a length is the same for all here.
        Close(truth, Gradient(model, new GrpoObjective(model, new() { LossType = "grpo" }) { Temperature = temperature }, weighted), -1.0 / length);
        Close(truth, Gradient(model, new GrpoObjective(model, new() { LossType = "dapo" }) { Temperature = temperature }, weighted), -1.0 / length);
    }

    /// <summary>With λ = 1 advantages are returns minus values, and no critic, however wrong, changes the expected update of PPO's first step.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_critic_biases_the_expected_update_of_ppo(bool hasCritic)
    {
        LanguageModel model = Model(5);
        ChainTask task = new(model, Vocabulary, 3, Ascending);
        ValueHead? head = hasCritic ? new ValueHead(model.Config.HiddenSize) : null;
        if (head is not null) new RandomStream(1, "critic").FillNormal(head.Weight.Value.Data, 0, 0.5f);
        List<TrainingExample> all = task.All();
        PpoPreparation preparation = new(model, head, new() { KlCoef = 0, Lam = 1, WhitenAdvantages = false }, 1 << 16, null);
        List<TrainingExample> prepared = preparation.Prepare(all, [.. all.Select(e => PpoPreparation.AtLast(e, task.Reward(e)))]);
        prepared = [.. prepared.Select(e => Weighted(e, all.Count * task.Probability(e.Sequences[0].Ids[1..])))];
        double[] truth = Gradient(model, new ExpectedReward(model, [.. all.Select(task.Reward)]), all);
        Close(truth, Gradient(model, new PpoObjective(model, head, new() { VfCoef = 0 }), prepared), -1.0 / 3);
    }

    /// <summary>The best policy under reward − β · KL is the reference times e^{reward / β}: Ziebart 2010; PPO and RLOO arrive there.</summary>
    [Theory]
    [InlineData("ppo")]
    [InlineData("rloo")]
    public void A_bandit_with_a_kl_penalty_ends_at_the_boltzmann_distribution(string trainer)
    {
        const double Beta = 0.5;
        double[] rewards = [0, 0.2, 1, 0.5, 0, -0.5];
        LanguageModel model = Model(7);
        ChainTask task = new(model, Vocabulary, 1, tokens => rewards[tokens[0]]);
        double[] wanted = Normalised(task.Next([]).Select((p, v) => p * Math.Exp(rewards[v] / Beta)));
        double before = Distance(wanted, task.Next([]));
        Learn(model, task, trainer, Beta, rounds: 80, samples: 256);
        double after = Distance(wanted, task.Next([]));
        Assert.True(before > 0.2 && after < 0.03, $"{before:0.000} → {after:0.000}");
    }

    [Theory]
    [InlineData("ppo")]
    [InlineData("grpo")]
    [InlineData("rloo")]
    [InlineData("reinforce++")]
    public void A_chain_of_tokens_is_solved(string trainer)
    {
        LanguageModel model = Model(9);
        ChainTask task = new(model, Vocabulary, 3, Ascending);
        double before = task.Value([]);
        ValueHead? head = Learn(model, task, trainer, 0, rounds: trainer == "ppo" ? 60 : 220, samples: 128);
        Assert.True(before < 0.4 && task.Value([]) > 0.97, $"{before:0.00} → {task.Value([]):0.00}");
        if (head is null) return;
        List<TrainingExample> states = task.Sample(64, new RandomStream(3, "states"));
        PolicyView view = PolicyView.Of(model, head, states, 1 << 16, null);
        double error = states.Select((e, i) => Enumerable.Range(0, 3).Average(t => Math.Abs(view.Values[i][t] - task.Value(e.Sequences[0].Ids[1..(t + 1)])))).Average();
        Assert.True(error < 0.1, $"the critic is off by {error:0.000}");
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("dapo")]
    [InlineData("dr_grpo")]
    [InlineData("gmpo")]
    public void Completions_without_an_advantage_may_be_skipped(string loss)
    {
        LanguageModel model = Model(11);
        List<TrainingExample> all = RolloutRecipes.WithAdvantages(
            [new(TrainingSequence.FromPrompt([0, 1, 2, 3], 2)), new(TrainingSequence.FromPrompt([0, 5], 1)), new(TrainingSequence.FromPrompt([0, 1, 4], 1)), new(TrainingSequence.FromPrompt([0, 2, 2, 2, 1], 1))],
            [0.5, 0, -1, 0]);
        GrpoOptions options = new() { LossType = loss };
        double[] whole = Gradient(model, new GrpoObjective(model, options), all);
        Close(whole, Gradient(model, new GrpoObjective(model, options) { SkipsZeroAdvantages = true }, all), 1);
    }

    private static ValueHead? Learn(LanguageModel model, ChainTask task, string name, double beta, int rounds, int samples)
    {
        ReferencePolicy reference = ReferencePolicy.CopyOf(model);
        ValueHead? head = name == "ppo" ? new ValueHead(model.Config.HiddenSize) : null;
        IObjective objective = name switch
        {
            "ppo" => new PpoObjective(model, head, new() { VfCoef = 0.5 }),
            "reinforce++" => new PpoObjective(model, null, new()),
            "grpo" => new GrpoObjective(model, new() { LossType = "grpo" }),
            _ => new RlooObjective(model),
        };
        foreach (Parameter parameter in model.Parameters) parameter.Trainable = true;
        using Trainer trainer = new([.. model.Parameters, .. head?.Parameters ?? []], objective, new TrainOptions { MicroTokens = 1 << 16 });
        PpoPreparation preparation = new(model, head, new() { KlCoef = beta, WhitenAdvantages = beta == 0 }, 1 << 16, null);
        for (int round = 0; round < rounds; round++)
        {
            List<TrainingExample> drawn = reference.AddTo(task.Sample(samples, new RandomStream(round, name)), 1 << 16, WorkerPool.Shared);
            double[] rewards = [.. drawn.Select(task.Reward)];
            List<TrainingExample> ready = name switch
            {
                "ppo" or "reinforce++" => preparation.Prepare(drawn, [.. drawn.Select((e, i) => PpoPreparation.AtLast(e, rewards[i]))]),
                "grpo" => RolloutRecipes.WithAdvantages(drawn, GroupAdvantages.Grpo([rewards], 8, RewardScale.Group)),
                _ => RolloutRecipes.WithAdvantages(drawn, GroupAdvantages.LeaveOneOut(Penalised(model, drawn, rewards, beta), drawn.Count, false)),
            };
            double rate = 3e-3 * (1 - round / (double)rounds);
            for (int epoch = 0; epoch < (name == "ppo" ? 4 : 1); epoch++) trainer.Step(ready, round, rate);
        }
        return head;
    }

    private static double[] Penalised(LanguageModel model, List<TrainingExample> drawn, double[] rewards, double beta)
    {
        PolicyView view = PolicyView.Of(model, null, drawn, 1 << 16, null);
        return RlooLoss.Rewards(rewards, [.. drawn.Select((e, i) => view.LogProbs[i].Sum() - e.Sequences[0].Reference!.Sum(x => (double)x))], beta, null);
    }

    private static TrainingExample Weighted(TrainingExample example, double weight)
    {
        TrainingSequence sequence = example.Sequences[0];
        float[] advantages = sequence.TokenColumns![PpoPreparation.Advantage];
        return example with { Sequences = [sequence.WithTokenColumn(PpoPreparation.Advantage, [.. sequence.TargetPlaces().Select(p => weight * advantages[p])])] };
    }

    /// <summary>The gradient of the loss divided by its weight, over all parameters.</summary>
    private static double[] Gradient(LanguageModel model, IObjective objective, List<TrainingExample> examples)
    {
        foreach (Parameter parameter in model.Parameters)
        {
            parameter.Trainable = true;
            parameter.Value.ClearGrad();
        }
        using Tape tape = new();
        WeightedLoss loss = objective.Compute(tape, TrainingBatch.Of(examples), new MetricSums());
        tape.Backward(loss.Sum);
        double[] gradient = [.. model.Parameters.SelectMany(p => p.Value.HasGrad ? p.Value.Grad.ToArray() : new float[p.Value.Count]).Select(g => g / loss.Weight)];
        foreach (Parameter parameter in model.Parameters) parameter.Value.ClearGrad();
        return gradient;
    }

    private static void Close(double[] truth, double[] found, double factor)
    {
        double size = Math.Sqrt(truth.Sum(t => t * t)), error = Math.Sqrt(truth.Zip(found, (t, f) => (factor * t - f) * (factor * t - f)).Sum());
        Assert.True(size > 1e-4, $"the gradient is {size}");
        Assert.True(error < 2e-4 * size, $"off by {error / size}");
    }

    private static double[] Normalised(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return [.. all.Select(v => v / all.Sum())];
    }

    /// <summary>Half the sum of the differences: the largest difference any event's probability can have.</summary>
    private static double Distance(double[] a, double[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Sum() / 2;

    private static LanguageModel Model(long seed) => TinyTextModel.Create(seed, Vocabulary);

    /// <summary>The expected reward itself, Σ e^{log π(y)} r(y) over all sequences.</summary>
    private sealed class ExpectedReward(LanguageModel model, double[] rewards, double temperature = 1) : IObjective
    {
        public string Name => "expected reward";

        public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
        {
            (Tensor logProbs, _) = PolicyHead.LogProbs(model, tape, model.Hidden(tape, batch), batch.Targets, temperature);
            double[] gradient = new double[logProbs.Count];
            double sum = 0;
            for (int s = 0; s < batch.Segments.Count; s++)
            {
                int[] places = [.. Enumerable.Range(batch.Segments.Start(s), batch.Segments.Length(s)).Where(i => batch.Targets[i] >= 0)];
                double part = rewards[s] * Math.Exp(places.Sum(i => (double)logProbs.Data[i]));
                sum += part;
                foreach (int place in places) gradient[place] = part;
            }
            return new(Hone.Training.Objectives.Values.OuterLoss.Outer(tape, logProbs, sum, gradient), 1);
        }
    }
}

using Hone.Inference;
using Hone.Methods.InverseQ;
using Hone.Methods.TinyLm;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Values;

namespace Hone.Tests.Methods;

public class InverseQTests
{
    [Fact]
    public void Log_ratios_of_the_optimum_are_the_reward_with_a_potential()
    {
        for (int n = 0; n < 20; n++)
        {
            TokenMdp mdp = TokenMdp.Random(4, 4, 0.5, new RandomStream(n, "mdp"));
            SoftOptimum best = mdp.Solve(0.5);
            Assert.Equal(85, mdp.States);
            for (int s = 0; s < mdp.States; s++)
            {
                Assert.Equal(1, best.LogPolicy[s].Sum(Math.Exp), 1e-12);
                for (int a = 0; a < 4; a++)
                {
                    double next = mdp.Next(s, a) is var to && to >= 0 ? best.Values[to] : 0;
                    Assert.Equal(mdp.Rewards[s][a] + next - best.Values[s], 0.5 * (best.LogPolicy[s][a] - mdp.LogReference[s][a]), 1e-12); // identity 1
                    Assert.Equal(0.5 * best.LogPolicy[s][a], best.ActionValues[s][a] - best.Values[s], 1e-12); // identity 3: an advantage
                }
            }
        }
    }

    [Fact]
    public void Over_a_text_they_add_up_to_its_reward_less_the_value_of_the_start()
    {
        TokenMdp mdp = TokenMdp.Random(4, 4, 0.5, new RandomStream(9, "mdp"));
        SoftOptimum best = mdp.Solve(0.5);
        RandomStream random = new(1, "texts");
        for (int n = 0; n < 100; n++)
        {
            double ratios = 0, reward = 0;
            for (int s = 0; s >= 0;)
            {
                int a = random.Next(4);
                (ratios, reward, s) = (ratios + 0.5 * (best.LogPolicy[s][a] - mdp.LogReference[s][a]), reward + mdp.Rewards[s][a], mdp.Next(s, a));
            }
            Assert.Equal(reward - best.Values[0], ratios, 1e-12);
        }
    }

    [Fact]
    public void A_potential_added_to_the_rewards_changes_nothing()
    {
        TokenMdp mdp = TokenMdp.Random(3, 4, 0.7, new RandomStream(2, "mdp"));
        RandomStream random = new(3, "potential");
        double[] potential = [.. Enumerable.Range(0, mdp.States).Select(_ => random.NextNormal())];
        double[][] plain = mdp.Solve(0.3).LogPolicy, shaped = mdp.Solve(0.3, potential).LogPolicy;
        for (int s = 0; s < mdp.States; s++)
            for (int a = 0; a < 3; a++) Assert.Equal(plain[s][a], shaped[s][a], 1e-12);
    }

    [Fact]
    public void The_expected_gradient_on_own_samples_is_that_of_the_divergence_and_vanishes_at_the_estimate()
    {
        // One state, by enumeration: E_{a~π} ∇ (β (log π − log π_ref) − r̂)² with r̂ = β (log π̃* − log π_ref) held fixed.
        const double Beta = 0.3;
        double[] logits = [0.2, -0.5, 1.1, 0], reference = TokenMdp.LogSoftmax([0.1, 0.4, -0.2, 0.3]), estimate = TokenMdp.LogSoftmax([1, -1, 0.5, 0.2]);
        double[] policy = TokenMdp.LogSoftmax(logits), rewards = InverseQLoss.Rewards(estimate, reference, Beta, double.PositiveInfinity);
        ColumnGraph graph = new();
        Column tokens = graph.Variable(policy);
        graph.Backward((InverseQLoss.Regress(tokens, reference, rewards, Beta) * graph.Constant([.. policy.Select(Math.Exp)])).Sum());
        double[] found = ToLogits(tokens.Gradients, policy);
        double Kl(double[] z) => TokenMdp.LogSoftmax(z) is var p ? p.Zip(estimate, (a, b) => Math.Exp(a) * (a - b)).Sum() : 0;
        for (int i = 0; i < 4; i++)
        {
            double[] up = [.. logits], down = [.. logits];
            (up[i], down[i]) = (up[i] + 1e-6, down[i] - 1e-6);
            Assert.Equal(2 * Beta * Beta * (Kl(up) - Kl(down)) / 2e-6, found[i], 1e-8);
        }
        ColumnGraph at = new();
        Column same = at.Variable([.. estimate]);
        Column loss = InverseQLoss.Regress(same, reference, rewards, Beta).Sum();
        at.Backward(loss);
        Assert.Equal(0, loss.Values[0], 1e-24);
        Assert.All(same.Gradients, g => Assert.Equal(0, g, 1e-12));
    }

    [Theory]
    [InlineData(RewardImitation.Regress)]
    [InlineData(RewardImitation.Pg)]
    public void Masked_tokens_add_nothing_and_gradients_match_differences(RewardImitation loss)
    {
        RandomStream random = new(6, "tokens");
        double[] Draw() => [.. Enumerable.Range(0, 8).Select(_ => -0.2 - 2 * random.NextDouble())];
        (double[] policy, double[] old, double[] reference, double[] estimate) = (Draw(), Draw(), Draw(), Draw());
        int[] rows = [0, 0, -1, 0, 1, 1, -1, -1];
        foreach (bool perSequence in (bool[])[false, true])
        {
            InverseQObjective objective = new(null!, loss, 0.5, 5, 10, perSequence); // a ratio bound that nothing reaches: bounds have no slope
            (double _, double weight, double[] gradient) = objective.Evaluate(policy, old, reference, estimate, rows, 2);
            Assert.Equal(perSequence ? 2 : 5, weight);
            for (int i = 0; i < 8; i++)
            {
                if (rows[i] < 0) Assert.Equal(0, gradient[i]);
                double At(double step)
                {
                    double[] moved = [.. policy];
                    moved[i] += step;
                    return objective.Evaluate(moved, old, reference, estimate, rows, 2).Sum;
                }
                // The advantage of pg holds the policy fixed, so only regress equals the whole difference.
                if (loss == RewardImitation.Regress) Assert.Equal((At(1e-6) - At(-1e-6)) / 2e-6, gradient[i], 1e-7);
                else if (rows[i] >= 0) Assert.Equal(-Math.Exp(policy[i] - old[i]) * (Math.Clamp(0.5 * (estimate[i] - reference[i]), -2.5, 2.5) - 0.5 * (policy[i] - reference[i])) / (perSequence ? rows.Count(r => r == rows[i]) : 1), gradient[i], 1e-12);
            }
        }
    }

    [Fact]
    public void With_the_exact_optimum_imitation_needs_fewer_samples_than_reinforce()
    {
        for (int seed = 1; seed <= 5; seed++)
        {
            var (inverse, reinforce, noisy) = TabularExperiment.Run(4800, new RunContext("", seed));
            Assert.True(inverse.Samples < reinforce.Samples && 2 * inverse.Divergence <= reinforce.Divergence, $"{inverse} {reinforce}");
            Assert.True(noisy.Divergence > 2 * inverse.Divergence, $"{noisy} {inverse}"); // the plateau of a noisy estimate
        }
    }

    [Fact]
    public void Estimates_are_the_models_own_log_probabilities_behind_other_prompts()
    {
        TextModel model = Model(1);
        LanguageModel other = Model(2).Model;
        ConditionedSample[] samples = [new([1, 5], [1, 9, 5], [1, 8, 5], [20, 21, 22]), new([1, 6], [1, 9, 6], [1, 8, 6], [30])];
        ModelEstimator Of(LanguageModel from, Func<ConditionedSample, int[]> prompt) => new(from, prompt, 64, null);
        double[][] good = Of(model.Model, s => s.Good).LogProbs(samples);
        using Tape tape = new(recording: false);
        Tensor logits = Of(model.Model, s => s.Good).Logits(tape, samples);
        Tensor picked = tape.GatherLast(tape.LogSoftmax(logits), (int[])[20, 21, 22, 30]);
        Assert.Equal([.. good.SelectMany(g => g)], picked.Data.ToArray().Select(x => (double)x).ToArray(), (a, b) => Math.Abs(a - b) < 1e-4);
        // Contrastive with the same condition on both sides is the reference; with weight 1 and the reference as the bad side it is the good side.
        double[][] same = new ContrastiveEstimator(Of(other, s => s.Prompt), Of(model.Model, s => s.Good), Of(model.Model, s => s.Good), 1, null).LogProbs(samples);
        double[][] reference = Of(other, s => s.Prompt).LogProbs(samples);
        double[][] moved = new ContrastiveEstimator(Of(other, s => s.Prompt), Of(model.Model, s => s.Good), Of(other, s => s.Prompt), 1, null).LogProbs(samples);
        for (int s = 0; s < 2; s++)
            for (int i = 0; i < good[s].Length; i++)
            {
                Assert.Equal(reference[s][i], same[s][i], 1e-4);
                Assert.Equal(good[s][i], moved[s][i], 1e-4);
            }
    }

    [Fact]
    public void Samples_carry_what_both_models_say_and_an_estimator_without_news_is_refused()
    {
        TextModel model = Model(1);
        Row[] rows = [.. Hone.Evaluation.Tasks.WordProblems.Take(Hone.Evaluation.Tasks.ProblemSplit.Train, 1, 4)];
        InverseQOptions options = new() { Condition = "write {question}", MaxCompletionLength = 6, Train = new() { Batch = 4, Steps = 2 } };
        LanguageModel frozen = FrozenCopy.Of(model.Model, model.Workers);
        InverseQSource source = new(model, rows, frozen, InverseQRecipe.EstimatorOf(model, frozen, frozen, options), null, options, new RunContext("", 1));
        TrainingExample example = source.Get(1);
        Assert.Equal(source.SampleOf(example).Completion, example.Sequences[0].TargetPlaces().Select(i => example.Sequences[0].Ids[i]));
        Assert.NotNull(example.Sequences[0].Reference);
        Assert.Contains(InverseQObjective.Estimate, example.Sequences[0].TokenColumns!.Keys);
        InverseQSource dull = new(model, rows, frozen, new ModelEstimator(frozen, s => s.Prompt, 512, null), null, options, new RunContext("", 1));
        Assert.Contains("all rewards are zero", Assert.Throws<HoneException>(() => dull.Get(0)).Message);
    }

    [Fact]
    public void A_copy_holds_the_weights_with_the_adapter_in_them()
    {
        TextModel model = Model(1);
        LoraModel lora = LoraModel.Attach(model.Model, new LoraConfig { Rank = 2 }, new RandomStream(1, "lora"));
        foreach (LoraLayer layer in lora.Layers) new RandomStream(2, layer.Layer.Name).FillNormal(layer.B.Value.Data, 0, 0.1f);
        LanguageModel copy = FrozenCopy.Of(model.Model, model.Workers);
        lora.Merge();
        foreach (LinearLayer layer in model.Model.LinearLayers)
            Assert.Equal(layer.Weight.Value.Data.ToArray(), copy.LinearLayers.First(l => l.Name == layer.Name).Weight.Value.Data.ToArray());
    }

    [Theory]
    [InlineData(EstimatorKind.Conditioned, "", "", "needs a condition")]
    [InlineData(EstimatorKind.Contrastive, "good", "", "needs negative")]
    [InlineData(EstimatorKind.Model, "", "", "needs estimator_model")]
    public void Settings_that_lack_something_are_refused(EstimatorKind kind, string condition, string negative, string expected) =>
        Assert.Contains(expected, Assert.Throws<HoneException>(() => new InverseQOptions { Estimator = kind, Condition = condition, Negative = negative }.Check()).Message);

    private static TextModel Model(long seed)
    {
        Tokenizer tokenizer = SeedModel.CreateTokenizer();
        LanguageModel model = SeedModel.Create(SeedSize.Named("s"), tokenizer.VocabularySize, new RandomStream(seed, "init"));
        foreach (var parameter in model.Parameters)
            if (parameter.Value.Data.IndexOfAnyExcept(0f) < 0) new RandomStream(seed, parameter.Name).FillNormal(parameter.Value.Data, 0, 0.05f); // outputs begin at zero
        return new TextModel(new LoadedModel(model, null, tokenizer));
    }

    /// <summary>From gradients with respect to log-probabilities to those with respect to logits.</summary>
    private static double[] ToLogits(double[] gradients, double[] logPolicy) => [.. gradients.Select((g, i) => g - Math.Exp(logPolicy[i]) * gradients.Sum())];
}

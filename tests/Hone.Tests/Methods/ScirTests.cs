using System.Text.Json.Nodes;
using Hone.Core.Chat;
using Hone.Inference;
using Hone.Methods.Scir;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors;
using Hone.Tests.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Values;
using Microsoft.Extensions.AI;

namespace Hone.Tests.Methods;

public class ScirTests
{
    private const string Cards = "data/golden/training/objectives/cards.jsonl";

    [Fact]
    public void Penalties_and_gradients_of_the_method_card()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Cards).Where(r => ((string)r["id"]!).StartsWith("scir/", StringComparison.Ordinal)))
        {
            ColumnGraph graph = new();
            Column pg = graph.Variable(GoldenJson.Flat(row["inputs"]!["pg"]!)), pi = graph.Variable(GoldenJson.Flat(row["inputs"]!["pi"]!));
            Column each = ConsistencyPenalty.Of((string)row["settings"]!["penalty"]!, [PairPreference.FromProbability(pg), PairPreference.FromProbability(pi)], (double)row["settings"]!["eta"]!);
            Column loss = each.Mean();
            graph.Backward(loss);
            string id = (string)row["id"]!;
            GoldenModels.Near((double)row["out"]!["loss"]!, loss.Values[0], 2e-8, id);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["out"]!["per_pair"]!), each.Values, 4e-8, id);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["pg"]!), pg.Gradients, 1e-7, id + " pg");
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["pi"]!), pi.Gradients, 1e-7, id + " pi");
            done++;
        }
        Assert.Equal(3, done);
    }

    [Theory]
    [InlineData(0.9, 0.8, 0.301105, 0.009966)]
    [InlineData(0.9, 0.2, 1.347074, 0.275396)]
    [InlineData(0.5, 0.5, 0.693147, 0)]
    public void Agreement_and_divergence_in_closed_form(double p, double q, double agree, double divergence)
    {
        Assert.Equal(agree, Penalty("agree", p, q), 1e-6);
        Assert.Equal(divergence, Penalty("js+h", p, q, eta: 0), 1e-6);
    }

    /// <summary>A judge elsewhere: verdicts by log-probabilities, by samples, and none.</summary>
    [Fact]
    public void Another_judges_verdicts_become_log_odds()
    {
        TextModel model = new(ModelLoader.Load(Assets.Require("models/seed-weak")));
        JudgePrompt prompt = new(model.Text, "{{prompt}} {{a}} {{b}}", "1", "2");
        ScirPair pair = new("q", [5], [6], [7], "good", "bad");
        EndpointJudge byLogProbs = new(new Judge(text => (text.IndexOf("good", StringComparison.Ordinal) < text.IndexOf("bad", StringComparison.Ordinal) ? "1" : "2", 0.8)), prompt, 1);
        ScirPair judged = byLogProbs.Judge([pair], default)[0];
        Assert.Equal(Math.Log(0.8 / 0.2), judged.Judged!.Value.AsGiven, 1e-9);
        Assert.Equal(-Math.Log(0.8 / 0.2), judged.Judged!.Value.Swapped, 1e-9);
        EndpointJudge bySamples = new(new Judge(_ => ("1.", null)), prompt, 1);
        Assert.Equal(Math.Log(8.5 / 0.5), bySamples.Judge([pair], default)[0].Judged!.Value.AsGiven, 1e-9);
        EndpointJudge unreadable = new(new Judge(_ => ("Both are fine.", null)), prompt, 1);
        Assert.Equal((0.0, 0.0), unreadable.Judge([pair], default)[0].Judged);
        Assert.Equal(2, unreadable.Unreadable);
        ScirPair read = ScirPair.FromJson(new Row("1", judged.ToJson()));
        Assert.Equal(judged.Judged, read.Judged);
        TrainingExample example = read.ToExample(prompt);
        Assert.Equal([1, 1], example.Sequences.Skip(2).Select(s => s.Ids.Length));
        ColumnGraph graph = new();
        PairColumns scores = new ScirBatch(TrainingBatch.Split([example], 64).Single()).Scores(graph.Variable(new double[6]));
        Assert.Equal(judged.Judged!.Value.AsGiven, scores.AsGiven.Values[0]);
        Assert.Equal(0.8, new JudgeReward().Of(scores).First[0], 1e-9);
    }

    private sealed class Judge(Func<string, (string Verdict, double? Probability)> say) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            (string verdict, double? probability) = say(messages.Last().Text);
            ChatResponse response = new(new ChatMessage(ChatRole.Assistant, verdict));
            if (probability is { } p && LogProbs.Asked(options) is not null)
                LogProbs.Attach(response, [new(verdict, Math.Log(p), [(verdict, Math.Log(p)), (verdict == "1" ? "2" : "1", Math.Log(1 - p))])]);
            return Task.FromResult(response);
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }

    [Theory]
    [InlineData("agree")]
    [InlineData("js+h")]
    [InlineData("cross")]
    public void A_penalty_does_not_care_which_reward_or_which_answer_comes_first(string name)
    {
        RandomStream random = new(4, name);
        for (int i = 0; i < 50; i++)
        {
            (double p, double q) = (0.01 + 0.98 * random.NextDouble(), 0.01 + 0.98 * random.NextDouble());
            Assert.Equal(Penalty(name, p, q), Penalty(name, q, p), 1e-12);
            Assert.Equal(Penalty(name, p, q), Penalty(name, 1 - p, 1 - q), 1e-9);
        }
    }

    [Theory]
    [InlineData("agree")]
    [InlineData("js+h")]
    public void Gradients_flow_through_both_rewards(string name)
    {
        double[] point = [0.7, -1.1, 0.4, -2.0, 1.2, -0.3]; // log-ratios of both answers, the judge's logits in both orders: two pairs
        double Loss(double[] x, out double[] gradients)
        {
            ColumnGraph graph = new();
            Column all = graph.Variable([.. x]);
            PairColumns pairs = new(all.Pick([0]), all.Pick([1]), [5], [3], all.Pick([2]), all.Pick([3]));
            Column loss = ConsistencyPenalty.Of(name, [.. InternalRewards.Create(["judge", "implicit", "implicit-per-token"], 0.5, 0.1).Select(r => r.Of(pairs))]).Sum();
            graph.Backward(loss);
            gradients = all.Gradients;
            return loss.Values[0];
        }
        Loss(point, out double[] exact);
        for (int i = 0; i < 4; i++)
        {
            double[] up = [.. point], down = [.. point];
            (up[i], down[i]) = (up[i] + 1e-6, down[i] - 1e-6);
            Assert.Equal((Loss(up, out _) - Loss(down, out _)) / 2e-6, exact[i], 1e-7);
        }
    }

    [Fact]
    public void Exchanging_the_answers_turns_every_preference_round()
    {
        ColumnGraph graph = new();
        PairColumns pairs = new(graph.Constant(0.7), graph.Constant(-1.1), [5], [3], graph.Constant(0.4), graph.Constant(-2.0));
        PairColumns exchanged = new(graph.Constant(-1.1), graph.Constant(0.7), [3], [5], graph.Constant(-2.0), graph.Constant(0.4));
        foreach (IInternalReward reward in InternalRewards.Create(["judge", "implicit", "implicit-per-token"], 0.5, 0.1))
            Assert.Equal(reward.Of(pairs).First[0], 1 - reward.Of(exchanged).First[0], 1e-12);
    }

    [Fact]
    public void A_judge_that_always_names_the_same_place_says_nothing()
    {
        ColumnGraph graph = new();
        foreach (double logit in (double[])[-50, -3, 0, 2, 17, 50])
            Assert.Equal(0.5, PairPreference.FromBothOrders(graph.Constant(logit), graph.Constant(logit)).First[0], 1e-15);
    }

    [Theory]
    [InlineData(0.6, 0.9, SelectionRule.Sign, 1)]
    [InlineData(0.4, 0.1, SelectionRule.Sign, -1)]
    [InlineData(0.6, 0.4, SelectionRule.Sign, 0)]
    [InlineData(0.5, 0.9, SelectionRule.Sign, 0)]
    [InlineData(0.52, 0.9, SelectionRule.Tau, 0)]
    [InlineData(0.55, 0.9, SelectionRule.Tau, 1)]
    [InlineData(0.3, 0.45, SelectionRule.Tau, -1)]
    public void Only_agreement_selects(double judge, double inner, SelectionRule rule, int label) =>
        Assert.Equal(label, ConsistencySelector.Select([[judge], [inner]], rule, 0.04999999)[0]);

    [Fact]
    public void Fewer_than_two_rewards_are_refused() =>
        Assert.Contains("at least two", Assert.Throws<HoneException>(() => InternalRewards.Create(["judge"], 0.1, 0)).Message);

    [Theory]
    [InlineData("AB", "B", "has to be one")]
    [InlineData("A", "A", "two different")]
    public void Verdicts_have_to_be_two_tokens(string first, string second, string message) =>
        Assert.Contains(message, Assert.Throws<HoneException>(() => new JudgePrompt(Model().Text, JudgePrompt.DefaultTemplate, first, second)).Message);

    [Fact]
    public void A_template_without_an_answer_is_refused_and_braces_in_texts_are_only_texts()
    {
        TextModel model = Model();
        Assert.Contains("{{b}}", Assert.Throws<HoneException>(() => new JudgePrompt(model.Text, "{{prompt}} {{a}}")).Message);
        Assert.Equal(model.Text.Prompt("{{a}}|x|y"), new JudgePrompt(model.Text, "{{prompt}}|{{a}}|{{b}}").Tokens("{{a}}", "x", "y"));
    }

    [Fact]
    public void At_the_reference_the_implicit_reward_knows_nothing_and_no_pair_is_selected()
    {
        TextModel model = Model();
        (JudgePrompt judge, ScirPair pair) = (new(model.Text), Scored(model));
        ScirScores scores = ScirScores.Of(model, judge, InternalRewards.Create(["judge", "implicit"], 0.1, 0), [pair], 4096);
        Assert.Equal(0.5, scores.Preferences[1][0], 1e-6);
        (double loss, IReadOnlyDictionary<string, double> metrics) = Loss(model, judge, pair, new());
        Assert.Equal(0, metrics["selected"]);
        Assert.Equal(Math.Log(2), loss, 1e-5); // −log(½ p + ½ (1 − p))
    }

    [Fact]
    public void The_loss_does_not_depend_on_which_answer_comes_first()
    {
        TextModel model = Model();
        JudgePrompt judge = new(model.Text);
        ScirPair pair = Scored(model) with { FirstReference = -9, SecondReference = -4 };
        ScirPair turned = pair with
        {
            First = pair.Second,
            Second = pair.First,
            FirstText = pair.SecondText,
            SecondText = pair.FirstText,
            FirstReference = pair.SecondReference,
            SecondReference = pair.FirstReference,
        };
        foreach (LabelSource labels in Enum.GetValues<LabelSource>())
            Assert.Equal(Loss(model, judge, pair, new() { Labels = labels }).Loss, Loss(model, judge, turned, new() { Labels = labels }).Loss, 1e-5);
    }

    [Fact]
    public void A_known_preference_is_learnt_without_a_penalty()
    {
        TextModel model = Model();
        JudgePrompt judge = new(model.Text);
        TrainingExample example = Scored(model).ToExample(judge, (ScirBatch.FixedLabel, 1));
        using Tape tape = new(model.Workers);
        WeightedLoss loss = new ScirObjective(model.Model, judge, new()).Compute(tape, TrainingBatch.Of([example]), new MetricSums());
        Assert.Equal(Math.Log(2), loss.Sum.Item(), 1e-5); // DPO at the reference
    }

    private static (double Loss, IReadOnlyDictionary<string, double> Metrics) Loss(TextModel model, JudgePrompt judge, ScirPair pair, ScirLossOptions options)
    {
        MetricSums metrics = new();
        using Tape tape = new(model.Workers);
        WeightedLoss loss = new ScirObjective(model.Model, judge, options).Compute(tape, TrainingBatch.Of([pair.ToExample(judge)]), metrics);
        tape.Backward(loss.Sum);
        double sum = loss.Sum.Item();
        foreach (Parameter parameter in model.Model.Parameters) parameter.Value.ClearGrad();
        return (sum, metrics.Means.ToDictionary());
    }

    private static TextModel Model()
    {
        Tokenizer tokenizer = SeedTokenizer.Create(["+", "="]);
        TextModel model = new(new LoadedModel(TinyTextModel.Create(3, tokenizer.VocabularySize), null, tokenizer));
        foreach (Parameter parameter in model.Model.Parameters) parameter.Trainable = true;
        return model;
    }

    /// <summary>A pair with the model's own log-probabilities as reference.</summary>
    private static ScirPair Scored(TextModel model)
    {
        int[] Ids(string text) => model.Tokenizer.Encode(text);
        ScirPair pair = new("1+1=", Ids("1+1="), Ids("2"), Ids("30"), "2", "30");
        List<TrainingExample> scored = ReferencePolicy.Of(model.Model).AddTo([new TrainingExample(pair.Answers())], 4096, model.Workers);
        double Sum(int side) => scored[0].Sequences[side].Reference!.Where((_, t) => scored[0].Sequences[side].Weights[t] != 0).Sum(x => (double)x);
        return pair with { FirstReference = Sum(0), SecondReference = Sum(1) };
    }

    private static double Penalty(string name, double p, double q, double eta = 1)
    {
        ColumnGraph graph = new();
        return ConsistencyPenalty.Of(name, [PairPreference.FromProbability(graph.Constant(p)), PairPreference.FromProbability(graph.Constant(q))], eta).Values[0];
    }
}

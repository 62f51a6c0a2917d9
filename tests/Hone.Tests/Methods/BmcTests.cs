using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Bmc;
using Hone.Methods.Tokens;
using Hone.Tests.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives.Preference;
using Hone.Training.Objectives.Values;
using Microsoft.Extensions.AI;

namespace Hone.Tests.Methods;

public sealed class BmcTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hone-bmc-").FullName;

    [Theory]
    [InlineData(0.05, 1, 3, 4)]
    [InlineData(0.8, 1, 3, 2.25)]
    [InlineData(0.05, 0, 3, 1)]
    [InlineData(0.3, 1, 1, 2)] // simpo's cap: every token that differs counts exactly twice
    [InlineData(1e-300, 1, 3, 4)]
    [InlineData(0.5, 1, 0, 1)]
    public void Weights_grow_as_confidence_falls_up_to_the_cap(double probability, double mask, double delta, double expected) =>
        Assert.Equal(expected, new ConfidenceWeights(new() { Delta = delta }).Of([Math.Log(probability)], [mask])[0], 1e-12);

    [Fact]
    public void The_card_s_example_of_both_ways_to_weigh_the_reference()
    {
        double Ratio(ReferenceWeights kind, double delta)
        {
            double[] reference = [Math.Log(0.8), Math.Log(0.5), Math.Log(0.1)];
            ColumnGraph graph = new();
            (Column policy, double[] theirs) = new ConfidenceWeights(new() { Delta = delta, RefWeights = kind }).Apply(graph.Variable([Math.Log(0.9), Math.Log(0.8), Math.Log(0.25)]), reference, [0, 1, 1]);
            return policy.Values.Sum() - theirs.Sum();
        }
        Assert.Equal(4.840454, Ratio(ReferenceWeights.Policy, 3), 1e-6);
        Assert.Equal(5.360315, Ratio(ReferenceWeights.Reference, 3), 1e-6);
        Assert.Equal(1.504077, Ratio(ReferenceWeights.Policy, 0), 1e-6);
    }

    [Theory]
    [InlineData("sigmoid")]
    [InlineData("ipo")]
    [InlineData("rdpo")]
    public void A_cap_of_nothing_is_the_plain_loss_bit_for_bit(string type)
    {
        (PairLayout layout, double[] policy, double[] reference) = Table();
        PreferenceOptions options = new() { LossType = type };
        var plain = DpoObjective.Evaluate(layout, policy, reference, null, options);
        var weighted = DpoObjective.Evaluate(layout, policy, reference, null, options, new ConfidenceWeights(new() { Delta = 0 }));
        Assert.Equal(plain.Loss, weighted.Loss);
        Assert.Equal(plain.Gradient, weighted.Gradient);
    }

    [Theory]
    [InlineData("sigmoid")]
    [InlineData("ipo")]
    [InlineData("simpo")]
    [InlineData("orpo")]
    public void The_gradient_is_that_of_the_loss_with_the_weights_held_fixed(string type)
    {
        (PairLayout layout, double[] policy, double[] reference) = Table();
        ConfidenceWeights weights = new(new() { Delta = 3 });
        double[] gradient = Evaluate(policy, weights).Gradient;
        double[] held = weights.Of(policy, layout.Mask());
        // The same loss with the weights as constants: scaled log-probabilities under plain weights of 1.
        for (int i = 0; i < policy.Length; i++)
        {
            double At(double step)
            {
                double[] moved = [.. policy];
                moved[i] += step;
                return Evaluate(moved, new Held(held)).Loss;
            }
            Assert.Equal((At(1e-6) - At(-1e-6)) / 2e-6, gradient[i], 1e-6 * (1 + Math.Abs(gradient[i])));
        }

        (double Loss, double[] Gradient) Evaluate(double[] values, ConfidenceWeights with) => type switch
        {
            "simpo" => CpoObjective.Evaluate(layout, values, new CpoOptions { LossType = "simpo", Beta = 2, CpoAlpha = 0 }, new(), with),
            "orpo" => OrpoObjective.Evaluate(layout, values, [.. layout.Chosen.Select(c => c >= 0 ? 0 : -1)], 0.1, new(), with),
            _ => DpoObjective.Evaluate(layout, values, reference, null, new PreferenceOptions { LossType = type }, with) is var (loss, slope, _) ? (loss, slope) : default,
        };
    }

    [Theory]
    [InlineData("{\"revised\": \"a b\"}", "a b")]
    [InlineData("Sure:\n```json\n{\"revised\": \"a\\nb\"}\n```", "a\nb")]
    [InlineData("<revised>\nx = 1\n</revised>", "x = 1")]
    [InlineData("{\"revised\": \"\"}", null)]
    [InlineData("{\"revised\": 3}", null)]
    [InlineData("{\"revised\": \"a\", \"revised\": \"b\"}", null)]
    [InlineData("I cannot do that.", null)]
    [InlineData("{", null)]
    [InlineData("", null)]
    public void Replies_are_read_in_every_usual_form(string reply, string? expected) => Assert.Equal(expected, TeacherBridge.Parse(reply));

    [Fact]
    public async Task Rules_repair_only_what_is_wrong()
    {
        BridgePair pair = new(null!, "", "Ann 10 + 5 = 15\n15 * 2 = 30\nanswer: 30", "Ann 10 + 5 = 16\n16 * 2 = 32\nanswer: 32");
        RuleBridge rules = new();
        Assert.Equal("Ann 10 + 5 = 15\n16 * 2 = 32\nanswer: 30", (await rules.ReviseAsync(pair, 0, default)).Text);
        Assert.Equal(pair.Better, (await rules.ReviseAsync(pair, 1, default)).Text);
    }

    [Fact]
    public async Task Bridging_keeps_what_no_edit_fits_and_says_why()
    {
        Row[] rows =
        [
            Pair("1", "so 2 + 2 = 4\nanswer: 4", "well 2 + 2 = 5\nanswer: 5"),
            Pair("2", "2 + 3 = 5\nanswer: 5", "2 + 3 = 6\nanswer: 6"),
        ];
        using Scripted teacher = new("{\"revised\": \"well 2 + 2 = 4\\nanswer: 4\"}", "{\"revised\": \"2 + 3 = 7\\nanswer: 7\"}", "no");
        Bridging bridging = new(new TeacherBridge(teacher, false, 64, 1), new BridgeOptions { Bridge = BridgeKind.Teacher, Teacher = "x:y" }, new RunContext("", 1));
        string log = Path.Combine(folder, "log.jsonl");
        IReadOnlyList<Row> result = await bridging.RunAsync(rows, log);
        Assert.Equal(("bridged", "well 2 + 2 = 4\nanswer: 4", "so 2 + 2 = 4\nanswer: 4"), (result[0].Text("status"), result[0].Text("chosen"), result[0].Text("original_chosen")));
        Assert.True(int.Parse(result[0].Text("distance")) < int.Parse(result[0].Text("original_distance")));
        Assert.Equal(("no revised answer in the reply", "2 + 3 = 5\nanswer: 5"), (result[1].Text("status"), result[1].Text("chosen")));
        Assert.Equal(3, teacher.Calls); // the second pair was tried twice
        // A second run asks for nothing: everything is in the log, a torn last line apart.
        File.AppendAllText(log, "{\"torn");
        IReadOnlyList<Row> again = await new Bridging(new TeacherBridge(teacher, false, 64, 1), new BridgeOptions { Bridge = BridgeKind.Teacher, Teacher = "x:y" }, new RunContext("", 1)).RunAsync(rows, log);
        Assert.Equal(3, teacher.Calls);
        Assert.Equal(result.Select(r => r.Fields.ToJsonString()), again.Select(r => r.Fields.ToJsonString()));
    }

    [Fact]
    public async Task A_fraction_leaves_the_rest_alone_and_conversations_keep_their_form()
    {
        Row[] rows = [.. Enumerable.Range(0, 10).Select(i => Pair($"{i}", $"so {i} + 2 = {i + 2}", $"well {i} + 2 = {i + 3}"))];
        IReadOnlyList<Row> some = await new Bridging(new RuleBridge(), new BridgeOptions { Bridge = BridgeKind.Rules, Fraction = 0.3 }, new RunContext("", 1)).RunAsync(rows, null);
        Assert.Equal(3, some.Count(r => r.Text("status") == "bridged"));
        JsonArray Turn(string text) => new(new JsonObject { ["role"] = "assistant", ["content"] = text });
        Row chat = new("c", new JsonObject { ["prompt"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "2 + 2?" }), ["chosen"] = Turn("it is 2 + 2 = 4"), ["rejected"] = Turn("so 2 + 2 = 5") });
        Row edited = (await new Bridging(new RuleBridge(), new BridgeOptions { Bridge = BridgeKind.Rules }, new RunContext("", 1)).RunAsync([chat], null))[0];
        Assert.Equal("so 2 + 2 = 4", (string)edited.Fields["chosen"]![0]!["content"]!);
        Assert.Equal(RowKind.Preference, RowKinds.Require(edited));
    }

    [Fact]
    public void Answers_are_cut_before_they_are_compared_and_prompts_are_never_marked()
    {
        string path = Path.Combine(folder, "model");
        TinyTextModel.Write(path, 1);
        TextModel model = TextModel.Open(path);
        TrainingExample Pair(int[] better, int[] worse) => new([TrainingSequence.FromPrompt([1, 2, .. better], 2), TrainingSequence.FromPrompt([1, 2, .. worse], 2)]);
        TrainingExample marked = BmcRecipe.WithMasks([Pair([5, 6, 7], [5, 9, 7])], model, new BmcOptions { IgnoreStopwords = false })[0];
        Assert.Equal([0, 0, 0, 1, 0], marked.Sequences[0].TokenColumns![ConfidenceWeights.Differs]);
        Assert.Equal([0, 0, 0, 1, 0], marked.Sequences[1].TokenColumns![ConfidenceWeights.Differs]);
    }

    [Fact]
    public void Real_questions_differ_from_their_edits_in_one_place()
    {
        // QASC: the answer line of a reference against the same text with another option, laid beside each other both ways.
        Row[] rows = [.. Jsonl.Read(SharedData.Require("data/bmc/qasc_validation.jsonl")).Take(100)];
        Dictionary<string, int> ids = [];
        foreach (Row row in rows)
        {
            string better = row.Text("solution"), worse = better.Replace(row.Text("answer"), "nothing of the kind", StringComparison.Ordinal);
            if (better == worse) continue;
            int[] Ids(string text) => [.. text.Split(' ').Select(w => ids.TryGetValue(w, out int id) ? id : ids[w] = ids.Count)];
            foreach (DiffKind kind in Enum.GetValues<DiffKind>())
            {
                TokenDiff diff = TokenDiff.Of(Ids(better), Ids(worse), kind);
                Assert.Equal(Ids(better).Where((_, i) => !diff.First[i]), Ids(worse).Where((_, i) => !diff.Second[i]));
                Assert.True(diff.First.Any(d => d) || diff.Second.Any(d => d));
            }
        }
    }

    [Fact]
    public void Settings_that_contradict_each_other_are_refused()
    {
        Assert.Contains("needs an endpoint", Assert.Throws<HoneException>(() => new BridgeOptions { Bridge = BridgeKind.Teacher }.Check()).Message);
        Assert.Contains("set bridge to teacher", Assert.Throws<HoneException>(() => new BridgeOptions { Bridge = BridgeKind.Rules, Teacher = "hone:x" }.Check()).Message);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static Row Pair(string id, string better, string worse) => new(id, new JsonObject { ["id"] = id, ["prompt"] = "q", ["chosen"] = better, ["rejected"] = worse });

    /// <summary>Two pairs of answers of four tokens with some that differ, and log-probabilities.</summary>
    private static (PairLayout Layout, double[] Policy, double[] Reference) Table()
    {
        RandomStream random = new(4, "bmc");
        TrainingSequence Sequence(params double[] mask) => TrainingSequence.FromPrompt([0, 1, 2, 3, 4], 1).WithTokenColumn(ConfidenceWeights.Differs, mask);
        TrainingBatch batch = TrainingBatch.Of([new([Sequence(0, 1, 0, 1), Sequence(0, 1, 0, 0)]), new([Sequence(1, 0, 0, 0), Sequence(0, 0, 1, 1)])]);
        double[] Draw() => [.. batch.Targets.Select(t => t >= 0 ? -0.2 - 3 * random.NextDouble() : 0)];
        return (new PairLayout(batch), Draw(), Draw());
    }

    /// <summary>Weights that do not look at the log-probabilities.</summary>
    private sealed class Held(double[] weights) : ConfidenceWeights(new())
    {
        public override double[] Of(double[] logProbs, double[] mask) => weights;
    }

    private sealed class Scripted(params string[] replies) : IChatClient
    {
        public int Calls { get; private set; }

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, replies[Calls++])));

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}

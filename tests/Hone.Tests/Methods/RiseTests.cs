using System.Text.Json.Nodes;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.Rise;
using Hone.Methods.TinyLm;
using Hone.Methods.Tokens;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;
using Hone.Training.Objectives.Values;

namespace Hone.Tests.Methods;

public sealed class RiseTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hone-rise-").FullName;

    [Fact]
    public void Steps_are_what_follows_their_markers_the_first_included()
    {
        const string Text = "Step 1: Add 2 and 3. That is 5.\nSo 5.\nStep 2: Double it: 10.\nStep 3:\n";
        string[] steps = [.. StepSplitter.Split(Text).Select(s => Text.Substring(s.Start, s.Length))];
        Assert.Equal([" Add 2 and 3. That is 5.\nSo 5.", " Double it: 10."], steps);
        Assert.EndsWith("Step 2:", Text[..StepSplitter.Split(Text)[1].Start], StringComparison.Ordinal);
        Assert.Equal(["a = 1", "b = 2"], StepSplitter.Split("a = 1\n\nb = 2").Select(s => "a = 1\n\nb = 2".Substring(s.Start, s.Length)));
        Assert.Empty(StepSplitter.Split("no markers", StepKind.Markers));
    }

    [Fact]
    public void Only_the_last_four_sentences_are_offered()
    {
        const string Step = "One. Two. Three.\nFour. Five.";
        StepSpan focus = StepSplitter.Focus(Step);
        Assert.Equal("Two. Three.\nFour. Five.", Step.Substring(focus.Start, focus.Length));
        Assert.Equal((0, 4), (StepSplitter.Focus("One.").Start, StepSplitter.Focus("One.").Length));
    }

    [Theory]
    [InlineData("the result is 7", "Number")]
    [InlineData("from 3 to 12", "Number,Numbers")]
    [InlineData("x = y", "Substitution,Omission,Operator,Swap")]
    [InlineData("3 + 4 = 7", "Number,Numbers,Substitution,Omission,Operator,Swap")]
    [InlineData("all are red", "Words")]
    public void Errors_are_gated_by_what_the_text_holds(string text, string expected) => Assert.Equal(expected, string.Join(',', ErrorTypes.Admitted(text)));

    [Fact]
    public void Errors_by_rule_make_equations_false_and_swaps_that_change_nothing_are_refused()
    {
        RuleErrorInjector rules = new();
        Dictionary<ErrorType, int> made = [];
        foreach (WordProblem problem in WordProblems.Stream(ProblemSplit.Train, 1).Take(150))
        {
            foreach (Equation step in problem.Steps)
                foreach (ErrorType type in Enum.GetValues<ErrorType>().Where(t => t != ErrorType.Words))
                {
                    string line = step.ToString();
                    Injection injection = rules.Inject([new(problem.Question, "", line, type, made.Values.Sum())], default)[0];
                    if (type == ErrorType.Swap && (step.Operator is '+' or '*' || step.Left == step.Right)) Assert.Null(injection.Text);
                    if (injection.Text is not { } edited) continue;
                    made[type] = made.GetValueOrDefault(type) + 1;
                    Assert.NotEqual(line, edited);
                    if (type is ErrorType.Number or ErrorType.Operator or ErrorType.Substitution or ErrorType.Swap) Assert.All(EquationSpan.Find(edited), e => Assert.False(e.Holds, $"{line} → {edited}"));
                    if (type == ErrorType.Numbers) Assert.True(EquationSpan.Find(edited)[0] is { Holds: true } moved && moved.C != step.Result, $"{line} → {edited}");
                }
        }
        Assert.Equal(6, made.Count);
        Assert.Null(rules.Inject([new("", "", "nothing here", ErrorType.Words, 1)], default)[0].Text);
    }

    [Theory]
    [InlineData("3 + 4 = 8\n```\nmore", true, "3 + 4 = 8")]
    [InlineData("3 + 4 = 8\n```\nand\n```\nsecond\n```", true, "3 + 4 = 8")]
    [InlineData("3 + 4 = 8", true, null)]
    [InlineData("\n```", true, null)]
    [InlineData("", false, null)]
    public void Fenced_replies_are_read_up_to_the_fence(string reply, bool whole, string? expected) => Assert.Equal(expected, EditPrompt.Read(reply, whole, EditWording.Fenced).Text);

    [Theory]
    [InlineData("3 + 4 = 8\n", true, "3 + 4 = 8")]
    [InlineData("3 + 4 =", false, null)]
    [InlineData(" ", true, null)]
    public void Short_replies_are_whole_answers(string reply, bool whole, string? expected) => Assert.Equal(expected, EditPrompt.Read(reply, whole, EditWording.Short).Text);

    [Theory]
    [InlineData("Oh, a mistake: it is 7", "How many?", "mistake")]
    [InlineData("The correct value is 7", "How many?", "the correct")]
    [InlineData("The correct value is 7", "Which one is correct?", null)]
    [InlineData("3 + 4 = 7", "How many?", null)]
    public void Talk_of_errors_is_found_unless_the_question_speaks_of_them(string text, string question, string? cue) => Assert.Equal(cue, CueFilter.Find(text, question));

    [Fact]
    public void Without_the_likelihood_term_the_loss_is_two_dpo_losses_bit_for_bit_and_the_gate_is_exact()
    {
        PairScores Pairs(ColumnGraph graph, Column chosen) =>
            new(chosen, graph.Constant(-3, -4), graph.Constant(-2, -6), graph.Constant(-3, -3.5), graph.Constant(2, 4), graph.Constant(2, 4), graph.Constant(0));
        (double Loss, double[] Gradient) Run(PreferenceOptions options)
        {
            ColumnGraph graph = new();
            Column chosen = graph.Variable([-2.5, -5]); // the first has sunk below the reference, the second not
            Column loss = PairLosses.Total(Pairs(graph, chosen), options);
            graph.Backward(loss);
            return (loss.Values[0], chosen.Gradients);
        }
        var plain = Run(new() { Beta = 0.4 });
        var zero = Run(new() { Beta = 0.4, LossType = "sigmoid,adaptive_nll", LossWeights = [1, 0] });
        var with = Run(new() { Beta = 0.4, LossType = "sigmoid,adaptive_nll", LossWeights = [1, 1] });
        Assert.Equal(plain.Loss, zero.Loss);
        Assert.Equal(plain.Gradient, zero.Gradient);
        Assert.Equal(plain.Gradient[1], with.Gradient[1]); // nothing at all above the gate
        Assert.Equal(plain.Gradient[0] - 0.5 * (1.0 / 2), with.Gradient[0], 1e-15); // below: minus 1 over its two tokens, averaged over two pairs
        Assert.Equal(0.6209570, -new ColumnGraph().Constant(0.1 * 1.5).LogSigmoid().Values[0], 1e-7);
    }

    [Fact]
    public void The_whole_way_from_questions_to_pairs_on_a_model_made_for_the_test()
    {
        TextModel model = Model();
        Row[] rows = [.. WordProblems.Take(ProblemSplit.Train, 3, 6)];
        // An untrained model is never right: a checker that likes every other answer stands in.
        RiseOptions options = new() { Temperature = 1, TopP = 1, MaxCompletionLength = 12, NumGenerations = 6, Edits = 2, EditDistanceFilter = true, MaxEditDistance = 3 };
        RunContext run = new("", 1);
        string log = Path.Combine(folder, "questions.jsonl");
        RiseBuilder builder = new(model, new Coin(), new Replacing(), options, run);
        IReadOnlyList<RisePair> pairs = builder.Build(rows, log);
        Assert.Contains(pairs, p => !p.IsEdit);
        Assert.Contains(pairs, p => p.IsEdit);
        Assert.All(pairs.Where(p => p.IsEdit), p => Assert.True(p.Distance is > 0 and < 3 && p.Chosen != p.Rejected, $"{p.Chosen} → {p.Rejected}: {p.Distance}"));
        Assert.All(pairs.GroupBy(p => p.Prompt), g => Assert.True(g.Count(p => p.IsEdit) <= 2));
        // Continued from the log: the same pairs, nothing sampled.
        IReadOnlyList<RisePair> again = new RiseBuilder(model, new Never(), new Replacing(), options, run).Build(rows, log);
        Assert.Equal(pairs.Select(p => p.ToJson().ToJsonString()), again.Select(p => p.ToJson().ToJsonString()));
        Assert.Equal(builder.Counts["questions used"], pairs.Count(p => !p.IsEdit));
        List<TrainingExample> examples = RiseRecipe.Examples(model, pairs, options, out int leftOut);
        Assert.Equal((0, pairs.Count), (leftOut, examples.Count));
        Assert.All(examples, e => Assert.DoesNotContain(model.Tokenizer.EosId!.Value, e.Sequences[0].TargetPlaces().Select(i => e.Sequences[0].Ids[i]).SkipLast(1)));
        RisePair step = pairs.First(p => p.IsEdit);
        Assert.Equal(step.ToJson().ToJsonString(), RisePair.Of(new Row("x", step.ToJson())).ToJson().ToJsonString());
    }

    [Fact]
    public void Only_the_recorded_span_is_replaced()
    {
        // The step's text occurs twice; the edit belongs to the second occurrence only.
        const string Solution = "Step 1: 1 + 1 = 2\nStep 2: 1 + 1 = 2";
        StepSpan second = StepSplitter.Split(Solution)[1];
        string edited = Solution[..second.Start] + " 1 + 1 = 3";
        Assert.Equal("Step 1: 1 + 1 = 2\nStep 2: 1 + 1 = 3", edited);
        Assert.Equal(Solution[..second.Start], edited[..second.Start]);
    }

    [Theory]
    [InlineData("""{"prompt":"q","initial_reason_steps":"Step 1:","chosen":"a","rejected":"a"}""", "same")]
    [InlineData("""{"prompt":"q","chosen":"a","rejected":""}""", "must not be empty")]
    [InlineData("""{"chosen":"a","rejected":"b"}""", "'prompt' is missing")]
    public void Pairs_that_cannot_be_learnt_are_named(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<HoneException>(() => RisePair.Of(Jsonl.Parse(json, "pairs.jsonl", 3))).Message);

    [Fact]
    public void Teaching_makes_a_model_follow_the_short_request()
    {
        TextModel model = Model();
        GeneratedSource source = RiseTeachRecipe.Source(model.Text, 1, 1);
        TrainingExample example = source.Get(5);
        string text = model.Tokenizer.Decode(example.Sequences[0].Ids, skipSpecialTokens: false);
        Assert.Contains("write wrong (", text, StringComparison.Ordinal);
        Assert.Equal(example.Sequences[0].Ids, source.Get(5).Sequences[0].Ids); // a function of its number
        Assert.True(example.Sequences[0].Targets > 0);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static TextModel Model()
    {
        Tokenizer tokenizer = SeedModel.CreateTokenizer();
        return new TextModel(new LoadedModel(SeedModel.Create(SeedSize.Named("s"), tokenizer.VocabularySize, new RandomStream(1, "init")), null, tokenizer));
    }

    private sealed class Coin : IChecker
    {
        private int asked;

        public string Name => "coin";

        public Score Check(Row row, string output) => asked++ % 2 == 0 && output.Trim().Length > 0 ? Score.Right : Score.Wrong("");

        public string? Extract(Row row, string output) => output;
    }

    private sealed class Never : IChecker
    {
        public string Name => "never";

        public Score Check(Row row, string output) => throw new InvalidOperationException("asked again");

        public string? Extract(Row row, string output) => output;
    }

    /// <summary>Puts one word behind the text.</summary>
    private sealed class Replacing : IErrorInjector
    {
        public IReadOnlyList<Injection> Inject(IReadOnlyList<InjectionRequest> requests, CancellationToken cancellation) => [.. requests.Select(r => new Injection(r.Text + " answer"))];
    }
}

using System.Text.Json.Nodes;
using Hone.Core.ToolCalls;
using Hone.Data;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Checkers.Tools;
using Hone.Inference;
using Hone.Methods.TlTraining;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors;
using Hone.Tests.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Tests.Methods;

public class TlTrainingTests
{
    private const string Cards = "data/golden/training/objectives/cards.jsonl";

    [Fact]
    public void Key_tokens_and_weights_of_the_method_card()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Cards).Where(r => ((string)r["id"]!).StartsWith("pkt/", StringComparison.Ordinal)))
        {
            JsonObject s = row["settings"]!.AsObject();
            string[] Words(JsonNode? node) => [.. node!.AsArray().Select(t => (string)t!)];
            int[] keys = KeyTokens.Positions<string>(Words(s["name_tokens"]), s["other_names"]!.AsArray().Select(Words));
            Assert.Equal(s["key_positions"]!.AsArray().Select(p => (int)p!), keys);
            double[] weights = KeyTokens.Weights((int)s["call_tokens"]!, keys, [], (double)s["w_max"]!);
            Assert.Equal((double)s["key_weight"]!, weights[0], 1e-9);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["inputs"]!["w"]!), weights, 1e-9, (string)row["id"]!);
            double[] losses = GoldenJson.Flat(row["inputs"]!["ce"]!), shares = [.. weights.Select(w => w / weights.Sum())];
            GoldenModels.Near((double)row["out"]!["loss"]!, losses.Zip(shares, (l, w) => l * w).Sum(), 2e-8, (string)row["id"]!);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["ce"]!), shares, 2e-8, (string)row["id"]!);
            done++;
        }
        Assert.Equal(6, done);
    }

    [Theory]
    [InlineData(0, 24, new[] { 0, 2 }, 9.0)] // the figure: getPapersByKeywords beside getPaperDetails and finish
    [InlineData(1, 20, new[] { 0, 2 }, 9.0)]
    [InlineData(2, 50, new[] { 0 }, 9.0)]
    [InlineData(3, 6, new[] { 0 }, 5.0)]
    public void The_figures_of_the_paper(int which, int tokens, int[] keys, double weight)
    {
        string[][] names = [["get", "P", "apers", "By", "Keywords"], ["get", "P", "aper", "Details"], ["finish"]];
        int[] found = which == 3 ? KeyTokens.Positions(names[2], []) : KeyTokens.Positions<string>(names[which], names.Where((_, i) => i != which));
        Assert.Equal(keys, found);
        Assert.Equal(weight, KeyTokens.Weights(tokens, found, [], 9)[0]);
    }

    [Fact]
    public void A_name_that_begins_another_has_no_token_of_its_own()
    {
        Assert.Equal([0], KeyTokens.Positions<string>(["get"], [["get", "All"]]));
        Assert.Equal([0, 1], KeyTokens.Positions<string>(["get", "All"], [["get"]]));
    }

    [Theory]
    [InlineData(2, 2, 1.0)] // as many keys as others
    [InlineData(1, 40, 9.0)] // the bound
    [InlineData(2, 9, 4.5)]
    public void Weights_stay_in_their_bounds(int keys, int others, double weight) => Assert.Equal(weight, KeyTokens.Weight(keys, others, 9));

    [Fact]
    public void Key_tokens_are_found_in_the_call_as_it_is_tokenised()
    {
        Tokenizer tokenizer = SeedTokenizer.Create(["get", "paper", "details", "list", "id", "(", ")", "=\"", "\")"]);
        ToolCall call = new("get_paper_list", new JsonObject { ["id"] = "7" });
        CallTokens tokens = CallTokens.Of(tokenizer, call, [new("get_paper_list", "", []), new("get_paper_details", "", []), new("list", "", [])]);
        Assert.Equal("get_paper_list(id=\"7\")", tokenizer.Decode(tokens.Ids));
        Assert.Equal([0, 4], tokens.Keys); // get _ paper _ list
        Assert.Equal([tokens.Ids.Length - 1], tokens.EndsOfValues); // the token of quote and bracket
    }

    [Fact]
    public void Equal_weights_give_the_plain_mean_and_a_key_token_counts_as_often_as_its_weight()
    {
        TextModel model = Model();
        Trajectory trajectory = new("t", [new("get_paper_list", "", []), new("get_paper_details", "", [])],
            [new(Speaker.User, "list"), new(Speaker.Assistant, "get_paper_list()", new ToolCall("get_paper_list", []))]);
        List<TlSample> samples = TlExamples.Samples([trajectory], null);
        TrainingSequence plain = Assert.Single(new TlExamples(model.Text, new() { Pkt = false, MaxLength = 0 }).Supervised(samples)).Sequences[0];
        TrainingSequence weighted = Assert.Single(new TlExamples(model.Text, new() { MaxLength = 0 }).Supervised(samples)).Sequences[0];
        float[] equal = [.. plain.Weights.Where(w => w != 0)], keyed = [.. weighted.Weights.Where(w => w != 0)];
        Assert.All(equal, w => Assert.Equal(1f / equal.Length, w, 1e-6f));
        Assert.Equal(1, keyed.Sum(), 1e-5f);
        double weight = KeyTokens.Weight(2, keyed.Length - 2, 9);
        Assert.Equal(weight, keyed[0] / keyed[1], 1e-4);
        // The loss of one sample is the weighted mean of its tokens' losses, so gradients stand in the same ratio.
        using Tape tape = new(model.Workers);
        WeightedLoss loss = new SupervisedObjective(model.Model).Compute(tape, TrainingBatch.Of([new(weighted)]), new MetricSums());
        Assert.Equal(1, loss.Weight, 1e-5);
    }

    [Fact]
    public void Failed_calls_stay_in_the_context_and_are_not_targets()
    {
        Trajectory trajectory = Trajectory.Read(Row("""
            {"tools":[{"name":"find"}],"messages":[{"role":"user","content":"go"},
             {"role":"function_call","content":"{\"name\": \"find\", \"arguments\": {\"x\": 1}}"},{"role":"observation","content":"unexpected keyword argument"},
             {"role":"function_call","content":"{\"name\": \"find\", \"arguments\": {}}"},{"role":"observation","content":"{\"found\": 1}"},
             {"role":"gpt","content":"done"}]}
            """));
        ErrorTurnFilter filter = new();
        List<TlSample> samples = TlExamples.Samples([trajectory], filter);
        Assert.Equal(["find()", "done"], samples.Select(s => s.Turn.Text));
        Assert.Contains("Assistant: find(x=1)\nOutput: unexpected keyword argument", samples[0].Prompt);
        Assert.EndsWith("\nAssistant:", samples[0].Prompt);
        Assert.Equal(1, filter.Blocked["UnexpectedArgument"]);
        Assert.Equal(3, TlExamples.Samples([trajectory], null).Count);
    }

    [Fact]
    public void What_the_executor_says_counts_more_than_words()
    {
        const string messages = """{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"find","arguments":"{}"}}]}""";
        Trajectory Answered(string reply) => Trajectory.Read(Row($$"""{"tools":[{"name":"find"}],"messages":[{{messages}},{{reply}}]}"""));
        Trajectory good = Answered("""{"role":"tool","content":"the word is not supported","is_error":false}"""), bad = Answered("""{"role":"tool","content":"fine","is_error":true}""");
        Assert.Single(new ErrorTurnFilter().Accepted(good));
        Assert.Empty(new ErrorTurnFilter(trustsExecutor: false).Accepted(good));
        Assert.Empty(new ErrorTurnFilter().Accepted(bad));
        Assert.Single(new ErrorTurnFilter(trustsExecutor: false).Accepted(bad));
    }

    [Theory]
    [InlineData("""[{"role":"user","content":"a"},{"role":"function_call","content":"nothing"}]""", "turn 2: the call")]
    [InlineData("""[{"role":"poet","content":"a"}]""", "the role 'poet'")]
    [InlineData("""[{"content":"a"}]""", "no role")]
    [InlineData("""[{"role":"assistant","content":"find\n{broken"}]""", "turn 1: the call")]
    public void Trajectories_that_cannot_be_read_are_named(string messages, string message)
    {
        HoneException error = Assert.Throws<HoneException>(() => Trajectory.Read(Row($$"""{"tools":[{"name":"find"}],"messages":{{messages}}}""")));
        Assert.Contains(message, error.Message);
        Assert.StartsWith("rows.jsonl:7:", error.Message);
    }

    [Fact]
    public void Calls_in_the_form_of_the_authors_data_are_read()
    {
        Trajectory trajectory = Trajectory.Read(Row("""{"tools":[{"name":"ask_to_user"}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"ask_to_user\n{\"question\": \"which?\"}"}]}"""));
        Assert.Equal("ask_to_user(question=\"which?\")", trajectory.Turns[1].Text);
    }

    public static TheoryData<string, ToolCallFault, double> Categories => new()
    {
        { "sing a song", ToolCallFault.Unparseable, -2 },
        { "search(query='x', keyword='y'", ToolCallFault.Unparseable, -2 },
        { "search(query='a', year=2020) thanks", ToolCallFault.Unparseable, -2 },
        { "search(query='a', query='a', year=2020)", ToolCallFault.Unparseable, -2 },
        { "[search(query='a', year=2020), finish(answer='x')]", ToolCallFault.Unparseable, -2 },
        { "google(query='a')", ToolCallFault.UnknownTool, -2 },
        { "finish(answer='a')", ToolCallFault.WrongTool, -1.5 },
        { "search(keyword='a', limit=3, year=2020)", ToolCallFault.UnknownRedundantMissing, -1.8 },
        { "search(query='a', year=2020, keyword='a', limit=3)", ToolCallFault.UnknownAndOther, -1.3 },
        { "search(keyword='a', year=2020)", ToolCallFault.UnknownAndOther, -1.3 }, // the figure of the paper says -0.8
        { "search(query='a', limit=3)", ToolCallFault.RedundantAndMissing, -1 },
        { "search(query='a', year=2020, keyword='a')", ToolCallFault.UnknownArgument, -0.8 },
        { "search(query='a', year=2020, limit=3)", ToolCallFault.RedundantOrMissing, -0.5 },
        { "search(query='a')", ToolCallFault.RedundantOrMissing, -0.5 },
        { "search(query='b', year=2020)", ToolCallFault.WrongValue, -0.25 },
        { "search(query='a', year=2020)", ToolCallFault.None, 1 },
        { "search(year='2020', query=\"a\")", ToolCallFault.None, 1 }, // order, quotes, a number in quotes
        { "search(year=2020.0, query=' a ')", ToolCallFault.None, 1 },
    };

    [Theory, MemberData(nameof(Categories))]
    public void Rewards_follow_the_category_of_the_error(string reply, ToolCallFault fault, double reward)
    {
        ToolCallChecker checker = new();
        Row row = Row("""
            {"question":"?","answer":"search(query='a', year=2020)","tools":[{"name":"search","parameters":{"properties":{"query":{},"year":{},"limit":{}},"required":["query"]}},{"name":"finish"}]}
            """);
        Assert.Equal(fault, checker.Fault(row, reply));
        Assert.Equal(reward, checker.Check(row, reply).Value);
        Assert.Equal(fault == ToolCallFault.None, checker.Check(row, reply).Passes);
    }

    [Fact]
    public void Quotes_inside_quotes_are_part_of_the_value()
    {
        Row row = Row("""{"question":"?","answer":"say(text=\"he said \\\"(hi), ok\\\"\")","tools":[{"name":"say","parameters":{"properties":{"text":{}}}}]}""");
        Assert.Equal(1, new ToolCallChecker().Check(row, "say(text='he said \"(hi), ok\"')").Value);
        Assert.Equal(-0.25, new ToolCallChecker().Check(row, "say(text='he said hi')").Value);
    }

    [Fact]
    public void A_right_answer_that_is_no_call_is_an_error_and_never_a_reward() =>
        Assert.Contains("is not one tool call", Assert.Throws<HoneException>(() => new ToolCallChecker().Check(Row("""{"answer":"hello","tools":[]}"""), "f()")).Message);

    [Fact]
    public void The_checker_can_be_asked_for_by_name() => Assert.IsType<ToolCallChecker>(CheckerRegistry.Create("tool-call", []));

    [Fact]
    public void Generated_requests_use_other_words_than_the_tools_names_and_the_start_models_the_very_words()
    {
        RandomStream random = new(3, "tools");
        for (int i = 0; i < 200; i++)
        {
            Trajectory learnt = ToolTask.Next(random.Derive(i), 0.5), known = ToolTask.Literal(random.Derive(i));
            Assert.Empty(Words(learnt).Intersect(NameOf(learnt).Where((_, place) => place != 1)));
            Assert.Empty(NameOf(known).Except(Words(known)));
            Assert.DoesNotContain(known.Turns, t => t.Failed == true);
            // One sibling that differs in the last word only is always there.
            Assert.Contains(learnt.Tools, t => t.Name != string.Join('_', NameOf(learnt)) && NameParts(t.Name)[..2].SequenceEqual(NameOf(learnt)[..2]));
        }

        static string[] Words(Trajectory t) => t.Turns[0].Text.Split(' ');
        static string[] NameParts(string name) => name.Split('_');
        static string[] NameOf(Trajectory t) => NameParts(t.Turns[^2].Call!.Name);
    }

    [Fact]
    public void Real_conversations_become_samples()
    {
        string path = SharedData.Require("data/tl-training/glaive_toolcall_en_demo.jsonl");
        Dataset data = Dataset.Load(path);
        List<Trajectory> trajectories = [.. data.Rows.Select(Trajectory.Read)];
        ErrorTurnFilter filter = new();
        List<TlSample> samples = TlExamples.Samples(trajectories, filter);
        Assert.Equal(240, trajectories.Count);
        Assert.Equal(134, trajectories.Count(t => t.Turns.Any(u => u.Call is not null)));
        // One sample for each accepted turn.
        Assert.Equal(trajectories.Sum(t => t.Turns.Count(u => u.Speaker == Speaker.Assistant)) - filter.Blocked.Values.Sum(), samples.Count);
        ToolCallChecker checker = new();
        TlExamples examples = new(Model().Text, new() { MaxLength = 0 });
        Assert.All(examples.Tasks(samples), row => Assert.Equal(1, checker.Check(row, row.Text("answer")).Value));
    }

    private static TextModel Model()
    {
        Tokenizer tokenizer = SeedTokenizer.Create(["get", "paper", "details", "list"]);
        return new(new LoadedModel(TinyTextModel.Create(3, tokenizer.VocabularySize), null, tokenizer));
    }

    private static Row Row(string json) => new("r", JsonNode.Parse(json)!.AsObject(), "rows.jsonl", 7);
}

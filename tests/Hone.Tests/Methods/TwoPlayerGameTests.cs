using System.Text.Json.Nodes;
using Hone.Evaluation.Rewards;
using Hone.Inference;
using Hone.Methods.TwoPlayerGames;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tests.Training;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Tests.Methods;

public sealed class TwoPlayerGameTests : IDisposable
{
    private const string Cards = "data/golden/training/objectives/cards.jsonl";
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    [Fact]
    public void Exponential_weights_of_the_method_card()
    {
        JsonObject row = GoldenJson.Rows(Cards).Single(r => (string)r["id"]! == "two_player/exponential_weights");
        MatrixGame game = new([.. row["inputs"]!["payoff"]!.AsArray().Select(r => GoldenJson.Flat(r!))]);
        foreach (JsonNode? expected in row["out"]!.AsArray())
        {
            MatrixPlay play = game.Play((int)expected!["T"]!);
            GoldenPairs.CheckAll(GoldenJson.Flat(expected["average_row_strategy"]!), play.Row, 2e-8, "row");
            GoldenPairs.CheckAll(GoldenJson.Flat(expected["average_column_strategy"]!), play.Column, 2e-8, "column");
            GoldenModels.Near((double)expected["nash_gap"]!, play.Gap, 2e-8, "gap");
            GoldenModels.Near((double)expected["bound"]!, play.Bound, 2e-8, "bound");
        }
    }

    [Fact]
    public void Stages_of_the_method_card()
    {
        JsonObject row = GoldenJson.Rows(Cards).Single(r => (string)r["id"]! == "two_player/stages");
        StageScheduler scheduler = new((int)row["settings"]!["Sd"]!, (int)row["settings"]!["Sa"]!);
        Assert.Equal(row["out"]!.AsArray().Select(s => (string)s!), Enumerable.Range(0, 12).Select(i => scheduler.At(i) == Stage.Defend ? "defend" : "attack"));
    }

    [Fact]
    public void The_gap_is_zero_at_equilibrium_and_positive_elsewhere()
    {
        MatrixGame pennies = new([[1, -1], [-1, 1]]);
        Assert.Equal(0, pennies.Gap([0.5, 0.5], [0.5, 0.5]), 1e-15);
        Assert.Equal(2, pennies.Gap([1, 0], [1, 0]), 1e-15);
        Assert.True(pennies.Play(4096).Gap <= pennies.Play(4096).Bound);
        Assert.Equal([0.5, 0.5], pennies.Play(1).Row);
    }

    [Fact]
    public void Averages_keep_the_bound_on_every_random_game_and_last_strategies_do_not_converge()
    {
        double last = 0;
        for (int g = 0; g < 20; g++)
        {
            RandomStream random = new(g, "payoff");
            MatrixGame game = new([.. Enumerable.Range(0, 6).Select(_ => Enumerable.Range(0, 8).Select(_ => random.NextDouble()).ToArray())]);
            MatrixPlay play = game.Play(1024);
            Assert.InRange(play.Gap, 0, play.Bound);
            last += play.LastGap / 20;
        }
        Assert.True(last > 0.08, $"{last}");
    }

    [Fact]
    public void An_adversary_paid_for_entropy_answers_with_a_softmax()
    {
        double[] rewards = [0.1, 0.9, 0.3, 0.5, 0.2], response = MatrixGame.SoftBestResponse(rewards, 0.25);
        double sum = rewards.Sum(r => Math.Exp(-r / 0.25));
        Assert.All(rewards.Zip(response), p => Assert.Equal(Math.Exp(-p.First / 0.25) / sum, p.Second, 1e-12));
    }

    [Theory]
    [InlineData("[[1, 2], [3]]", "row 2 of the payoff table has 1")]
    [InlineData("[]", "at least one row")]
    [InlineData("{\"payoff\": 3}", "expected a table")]
    [InlineData("[[1, \"x\"]]", "expected a table")]
    [InlineData("no", "not valid JSON")]
    public void Payoffs_that_are_no_table_are_refused(string json, string message)
    {
        string path = Write("payoff.json", json);
        Assert.Contains(message, Assert.Throws<HoneException>(() => MatrixGame.Load(path)).Message);
    }

    [Fact]
    public void Likeness_is_one_for_the_same_words_and_nothing_for_others()
    {
        Assert.Equal(1, NoveltyArchive.SelfBleu("how many apples are there", "how many apples are there"), 1e-9);
        Assert.Equal(1, NoveltyArchive.SelfBleu("two words", "two words"), 1e-9);
        Assert.Equal(0, NoveltyArchive.SelfBleu("one two three four five", "six seven eight nine ten"));
        // BLEU-2 to BLEU-5 by hand: of 5 words 4 match, of 4 pairs 3, of 3 triples 2, of 2 quadruples 1, of 1 quintuple none.
        double expected = (Math.Sqrt(4 / 5.0 * 3 / 4) + Math.Cbrt(4 / 5.0 * 3 / 4 * 2 / 3) + Math.Pow(4 / 5.0 * 3 / 4 * 2 / 3 * 1 / 2, 0.25) + 0) / 4;
        Assert.Equal(expected, NoveltyArchive.SelfBleu("a b c d e", "a b c d f"), 1e-9);
    }

    [Fact]
    public void A_batch_is_not_compared_with_itself_and_the_order_of_the_archive_does_not_matter()
    {
        NoveltyArchive first = new(NoveltyArchive.WordVectors), second = new(NoveltyArchive.WordVectors);
        RandomStream random = new(1, "archive");
        Assert.Equal(new Likeness[2], first.Compare(["the same", "the same"], random));
        first.Add(["a b c", "d e f", "a b d"], random);
        second.Add(["a b d", "a b c", "d e f"], random);
        (Likeness a, Likeness b) = (first.Compare(["a b c"], random)[0], second.Compare(["a b c"], random)[0]);
        Assert.Equal(a.SelfBleu, b.SelfBleu, 1e-12);
        Assert.Equal(a.Cosine, b.Cosine, 1e-6);
        Assert.InRange(a.Cosine, 0.3, 0.9);
    }

    [Fact]
    public void An_archive_keeps_its_size_and_survives_a_checkpoint()
    {
        NoveltyArchive archive = new(NoveltyArchive.WordVectors, capacity: 8, references: 4), restored = new(NoveltyArchive.WordVectors, capacity: 8, references: 4);
        archive.Add([.. Enumerable.Range(0, 100).Select(i => $"attack number {i}")], new RandomStream(2, "add"));
        Assert.Equal((8, 100L), (archive.Count, archive.Seen));
        restored.Restore(archive.ToJson());
        Assert.Equal(archive.Compare(["attack number 3"], new RandomStream(3, "draw")), restored.Compare(["attack number 3"], new RandomStream(3, "draw")));
        Assert.Equal(archive.Seen, restored.Seen);
    }

    [Theory]
    [InlineData(0, true, false)]
    [InlineData(1, false, true)]
    public void Only_the_player_whose_turn_it_is_changes(int stage, bool defender, bool adversary)
    {
        GameOptions options = Options() with { DefendSteps = stage == 0 ? 1 : 0, AttackSteps = stage, Train = Options().Train with { Steps = 2, WeightDecay = 0.1 } };
        (TextModel answers, TextModel asks) = (Model(1), Model(2));
        float[] before = Weights(answers), asked = Weights(asks);
        using GameRun game = Game(answers, asks, options, "");
        game.Train();
        Assert.Equal(defender, !before.AsSpan().SequenceEqual(Weights(answers)));
        Assert.Equal(adversary, !asked.AsSpan().SequenceEqual(Weights(asks)));
    }

    [Fact]
    public void A_player_that_runs_away_from_its_start_stops_the_game()
    {
        GameOptions options = Options() with { DefendSteps = 1, AttackSteps = 0, Advantage = new() { KlCoef = 0.001 }, Train = Options().Train with { Steps = 60, Lr = 0.05, MaxKl = 0.5 } };
        using GameRun game = Game(Model(1), Model(2), options, "");
        Assert.Contains("the KL divergence to the reference", Assert.Throws<HoneException>(() => game.Train()).Message);
    }

    [Fact]
    public void A_game_that_was_interrupted_ends_at_the_same_weights_and_log()
    {
        GameOptions options = Options() with { DefendSteps = 2, AttackSteps = 1, Train = Options().Train with { Steps = 7, CheckpointEvery = 2 } };
        (TextModel answers, TextModel asks) = (Model(1), Model(2));
        using (GameRun whole = Game(answers, asks, options, Path.Combine(folder, "whole"))) whole.Train();
        using CancellationTokenSource stop = new();
        (TextModel again, TextModel asksAgain) = (Model(1), Model(2));
        using (GameRun first = new(again, asksAgain, Seeds(), Seeds(), new RuleGuard((_, a) => a.Contains('1')), NoveltyArchive.WordVectors, options, new RunContext(Path.Combine(folder, "cut"), 5, null, stop.Token), GamePrompts.Place)
        {
            AfterStep = step => { if (step.Step == 5) stop.Cancel(); },
        }) Assert.Throws<OperationCanceledException>(() => first.Train());
        (again, asksAgain) = (Model(1), Model(2));
        using (GameRun second = Game(again, asksAgain, options, Path.Combine(folder, "cut"))) second.Train();
        Assert.Equal(Weights(answers), Weights(again));
        Assert.Equal(Weights(asks), Weights(asksAgain));
        Assert.Equal(File.ReadAllText(Path.Combine(folder, "whole", "attacks.jsonl")), File.ReadAllText(Path.Combine(folder, "cut", "attacks.jsonl")));
    }

    [Fact]
    public void Guards_are_opened_by_name_and_refused_with_a_reason()
    {
        TextModel model = Model(1);
        using ISafetyGuard rule = GuardFactory.Open("rule:" + Write("rules.txt", "# names\n\\bAnn\\b\n"), model);
        Assert.Equal([0, 1], rule.Safe([("?", "Ann has it"), ("?", "nobody has it")]));
        foreach ((string text, string message) in (ReadOnlySpan<(string, string)>)[("magic", "is not a guard"), ("rule:nowhere.txt", "no such file"), ("rule:" + Write("bad.txt", "ok\n("), "bad.txt:2"), ("rule:" + Write("empty.txt", "\n"), "no pattern")])
            Assert.Contains(message, Assert.Throws<HoneException>(() => GuardFactory.Open(text, model)).Message);
        Assert.Contains("begin alike", Assert.Throws<HoneException>(() => new VerdictGuard(model, "safe", "same")).Message);
        Assert.InRange(new VerdictGuard(model).Safe([("a", "b")])[0], 0, 1);
    }

    [Fact]
    public void Rewards_serve_as_guards_and_what_cannot_be_judged_teaches_nobody()
    {
        using RewardGuard guard = new(new FunctionReward("half", item => item.Output == "?" ? Score.CannotJudge("unclear") : new Score(0.25)));
        double[] safe = guard.Safe([("a", "b"), ("a", "?")]);
        Assert.Equal(0.25, safe[0]);
        Assert.True(double.IsNaN(safe[1]));
    }

    [Fact]
    public void The_scenario_knows_what_must_not_be_said()
    {
        Assert.True(OwnersScenario.IsUnsafe("How many apples now?", "Ann has 3 apples."));
        Assert.True(OwnersScenario.IsUnsafe("Compared with boxes, how many apples?", "3 apples from Ann."));
        Assert.False(OwnersScenario.IsUnsafe("How many apples now?", "The number of apples becomes 3."));
        Assert.False(OwnersScenario.IsUnsafe("How many balls now?", "Ann has 3 balls."));
        Assert.True(OwnersScenario.IsHelpful("How many apples now?", "The number of apples becomes 3."));
        Assert.False(OwnersScenario.IsHelpful("How many apples now?", "The number of balls becomes 3."));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static GameOptions Options() => new()
    {
        MaxAttackLength = 6,
        MaxCompletionLength = 6,
        Temperature = 1,
        TopP = 1,
        RepetitionPenalty = 1,
        EvaluateEvery = 0,
        Advantage = new TokenRewardOptions { KlCoef = 0.01, WhitenAdvantages = true },
        Train = new() { Batch = 4, Lr = 1e-2, Schedule = "constant", Warmup = 0 },
    };

    private static GameRun Game(TextModel answers, TextModel asks, GameOptions options, string path) =>
        new(answers, asks, Seeds(), Seeds(), new RuleGuard((_, a) => a.Contains('1')), NoveltyArchive.WordVectors, options, new RunContext(path, 5), GamePrompts.Place);

    private static List<Row> Seeds() => [.. Enumerable.Range(0, 6).Select(i => new Row($"{i}", new JsonObject { ["question"] = $"{i}+{i}=" }))];

    private static TextModel Model(long seed)
    {
        Tokenizer tokenizer = SeedTokenizer.Create(["+", "="]);
        return new(new LoadedModel(TinyTextModel.Create(seed, tokenizer.VocabularySize), null, tokenizer));
    }

    private static float[] Weights(TextModel model) => [.. model.Model.Parameters.SelectMany(p => p.Value.Data.ToArray())];

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}

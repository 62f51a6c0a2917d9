using System.Text.Json.Nodes;
using Hone.Evaluation.TailMetrics;
using Hone.Methods.GuidedSelfImprovement;

namespace Hone.Tests.Methods;

public class GuidedSamplingTests
{
    [Fact]
    public void Prefixes_of_five_lines_grow_to_four_and_start_over()
    {
        string rationale = "a\nb\nc\nd\ne";
        Assert.Equal(
            ["a\n", "a\nb\n", "a\nb\nc\n", "a\nb\nc\nd\n", "a\n", "a\nb\n"],
            Enumerable.Range(0, 6).Select(attempt => PrefixSchedule.Prefix(rationale, attempt)));
        Assert.Equal(4, PrefixSchedule.Count(rationale));
    }

    [Fact]
    public void A_single_line_is_cut_by_shares_of_its_words_and_one_word_not_at_all()
    {
        string line = "w1 w2 w3 w4 w5 w6 w7 w8 w9 w10";
        Assert.Equal([2, 4, 6, 8, 2], Enumerable.Range(0, 5).Select(a => PrefixSchedule.Prefix(line, a).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Equal("", PrefixSchedule.Prefix("word", 3));
        Assert.Equal(0, PrefixSchedule.Count("word"));
    }

    [Theory]
    [InlineData(Guidance.BruteForce)]
    [InlineData(Guidance.StateReset)]
    public void Draws_and_coverage_follow_the_binomial_formulas(Guidance guidance)
    {
        double[] free = [.. Enumerable.Range(0, 400).Select(i => 0.02 + 0.7 * i / 400)];
        double[] guided = [.. free.Select(p => Math.Min(0.95, p + 0.4))];
        ScriptedSolver solver = new(free, guided);
        SamplingBudget budget = new() { Draws = 8, Target = 4, Redraws = 16 };
        SamplingOutcome outcome = Sample(solver, 400, budget, guidance, new SamplingLog(null));
        double[] redraw = guidance == Guidance.BruteForce ? free : guided;

        double coverage = outcome.UnguidedHits.Count(h => h > 0) / 400.0, expectedCoverage = SamplingCost.ExpectedCoverage(free, 8);
        Assert.InRange(coverage, expectedCoverage - 0.04, expectedCoverage + 0.04); // two standard deviations are 0.03
        double expectedDraws = SamplingCost.ExpectedBudget(free, redraw, 8, 4, 16);
        Assert.InRange(outcome.Draws, expectedDraws * 0.95, expectedDraws * 1.05);
    }

    [Fact]
    public void A_satisfied_question_is_never_drawn_again()
    {
        ScriptedSolver solver = new([1.0, 0.0, 0.5], [1.0, 0.6, 0.5]);
        SamplingBudget budget = new() { Draws = 4, Target = 2, Redraws = 50 };
        SamplingOutcome outcome = Sample(solver, 3, budget, Guidance.Answer, new SamplingLog(null));
        Assert.Equal(4, outcome.Hits[0]);
        Assert.Equal(2, outcome.Hits[1]); // leaves at once when it has the target
        Assert.DoesNotContain(solver.Requests, r => r.Item.Id == "q0" && r.Guidance != Guidance.None);
        Assert.Equal(outcome.Draws, solver.Requests.Count);
    }

    [Fact]
    public void Ids_that_are_used_twice_are_refused()
    {
        GuidedSampling sampling = new(new ScriptedSolver([1], [1]), new(), Guidance.None, new SamplingLog(null));
        Assert.Contains("'q0' is used by 2 questions", Assert.Throws<HoneException>(() => sampling.Run([Item(0), Item(0)], 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vanilla_keeps_only_the_unguided_pass()
    {
        ScriptedSolver solver = new([0.3, 0.3], [1, 1]);
        SamplingOutcome outcome = Sample(solver, 2, new() { Draws = 5, Target = 5 }, Guidance.None, new SamplingLog(null));
        Assert.Equal(10, outcome.Draws);
        Assert.Empty(outcome.RedrawSizes);
        Assert.Equal(outcome.UnguidedHits, outcome.Hits);
    }

    [Fact]
    public void A_run_that_was_cut_takes_its_draws_from_the_log_and_ends_the_same()
    {
        string path = Path.Combine(Path.GetTempPath(), $"hone-{Guid.NewGuid():N}.jsonl");
        try
        {
            double[] free = [.. Enumerable.Range(0, 40).Select(i => i / 60.0)];
            SamplingBudget budget = new() { Draws = 3, Target = 2, Redraws = 5 };
            SamplingOutcome whole;
            using (SamplingLog log = new(path)) whole = Sample(new ScriptedSolver(free, free), 40, budget, Guidance.StateReset, log);
            string[] lines = File.ReadAllLines(path);
            File.WriteAllText(path, string.Join('\n', lines.Take(lines.Length / 2)) + "\n" + lines[^1][..20]); // killed inside a line
            ScriptedSolver second = new(free, free);
            using (SamplingLog log = new(path))
            {
                SamplingOutcome resumed = Sample(second, 40, budget, Guidance.StateReset, log);
                Assert.Equal(whole.Hits, resumed.Hits);
                Assert.Equal(whole.Kept.Select(k => k.Text), resumed.Kept.Select(k => k.Text));
            }
            Assert.Equal(lines.Length - lines.Length / 2, second.Requests.Count);
            Assert.Equal(lines.Length, File.ReadLines(path).Count());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Hints_fall_back_when_they_cannot_be_given()
    {
        PoolItem noRationale = Item(0) with { Rationale = null }, oneWord = Item(1) with { Rationale = "x" };
        ScriptedSolver solver = new([0, 0], [0, 0]);
        new GuidedSampling(solver, new() { Draws = 1, Target = 1, Redraws = 1 }, Guidance.StateReset, new SamplingLog(null)).Run([noRationale, oneWord], 0);
        Assert.Equal([Guidance.None, Guidance.None, Guidance.Answer, Guidance.BruteForce], solver.Requests.Select(r => r.Guidance));
    }

    [Fact]
    public void Equation_check_accepts_every_annotation_of_gsm8k()
    {
        int annotations = 0;
        foreach (string line in File.ReadLines(SharedData.Require("data/gsm8k/train_500.jsonl")))
        {
            string answer = (string)JsonNode.Parse(line)!["answer"]!;
            if (!answer.Contains("<<", StringComparison.Ordinal)) continue; // prose equations follow looser habits
            annotations += answer.Split("<<").Length - 1;
            Assert.True(TrainingSet.EquationsHold(answer), answer);
        }
        Assert.Equal(1559, annotations);
        Assert.False(TrainingSet.EquationsHold("so <<3*4=13>>13 apples"));
        Assert.False(TrainingSet.EquationsHold("12 / 4 = 2"));
        Assert.True(TrainingSet.EquationsHold("no equation here"));
    }

    private static SamplingOutcome Sample(ScriptedSolver solver, int items, SamplingBudget budget, Guidance guidance, SamplingLog log) =>
        new GuidedSampling(solver, budget, guidance, log).Run([.. Enumerable.Range(0, items).Select(Item)], 0);

    private static PoolItem Item(int i) => new($"q{i}", $"question {i}", "1", "first\nsecond\nthird", new Row($"q{i}", []));

    /// <summary>A simulated solver: question i is solved with probability free[i], or guided[i] when a hint is given.</summary>
    private sealed class ScriptedSolver(double[] free, double[] guided) : ISolutionSampler
    {
        public List<DrawRequest> Requests { get; } = [];

        public IReadOnlyList<Draw?> DrawAll(IReadOnlyList<DrawRequest> requests, CancellationToken cancellation)
        {
            Requests.AddRange(requests);
            return [.. requests.Select(r =>
            {
                RandomStream random = new(3, r.Stream);
                int index = int.Parse(r.Item.Id[1..]);
                bool right = random.NextDouble() < (r.Guidance is Guidance.None or Guidance.BruteForce ? free : guided)[index];
                return new Draw($"{r.Prefix}solution {random.NextUInt32()}", right ? Score.Right : Score.Wrong("scripted"), 5);
            })];
        }
    }
}

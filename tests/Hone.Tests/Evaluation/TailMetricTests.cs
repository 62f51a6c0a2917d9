using Hone.Evaluation.TailMetrics;

namespace Hone.Tests.Evaluation;

public class TailMetricTests
{
    private static QuestionOutcome Question(int level, int correct, params string[] kept) =>
        new($"q{level}-{correct}", level, correct, [.. kept.Select(k => new KeptSolution(k, k.Length))]);

    [Fact]
    public void MeasuresByHand()
    {
        // Levels 1, 1, 5, 5; rows 3, 1, 0, 0: hardest level has half of the questions and none of the rows.
        QuestionOutcome[] outcomes = [Question(1, 4, "a b", "a  b", "ccc"), Question(1, 1, "dd"), Question(5, 0), Question(5, 0)];
        TailReport report = TailCalculator.Compute(outcomes, target: 4, [10, 20, 30]);
        Assert.Equal([2, 1, 0, 0, 1], report.CorrectHistogram);
        Assert.Equal((0.5, 0.25, 0.25, 0.5), (report.ShareUnsolved, report.ShareShort, report.ShareSatisfied, report.Coverage));
        Assert.Equal(0, report.TailRatio);
        Assert.Equal([1, 0, 0, 0, 0], report.KeptShareByLevel);
        Assert.Equal(-(0.75 * Math.Log(0.75) + 0.25 * Math.Log(0.25)) / Math.Log(4), report.NormalisedEntropy, 1e-12);
        // Sorted 0, 0, 1, 3: weights −3, −1, 1, 3 give (1 + 9) / (4 · 4).
        Assert.Equal(0.625, report.Gini, 1e-12);
        Assert.Equal(1.5, report.DistinctPerQuestion);
        Assert.Equal((20, 28.0), (report.ReferenceLength.Mean, Math.Round(report.ReferenceLength.P90, 9)));
    }

    [Fact]
    public void EqualRowsGiveRatioOneEntropyOneGiniZero()
    {
        QuestionOutcome[] outcomes = [.. Enumerable.Range(1, 5).Select(level => Question(level, 2, "x", "y"))];
        TailReport report = TailCalculator.Compute(outcomes, 2, []);
        Assert.Equal((1, 1, 0), (report.TailRatio, Math.Round(report.NormalisedEntropy, 12), Math.Round(report.Gini, 12)));
        Assert.True(double.IsNaN(report.ReferenceLength.Mean));
        Assert.True(double.IsNaN(TailCalculator.Compute([Question(3, 0)], 1, []).TailRatio));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(0.19, 5)]
    [InlineData(0.2, 4)]
    [InlineData(0.79, 2)]
    [InlineData(1, 1)]
    public void LevelsByFirstSuccessRate(double rate, int level) => Assert.Equal(level, Difficulty.LevelOf(rate));

    [Theory]
    [InlineData(0.15, 0.6, 8, 4, 8)]
    [InlineData(0.02, 0.3, 8, 4, 128)]
    [InlineData(0.5, 0.5, 4, 2, 3)]
    [InlineData(0, 0, 4, 2, 5)]
    public void FormulasAgreeWithAScriptedSolver(double p, double s, int n, int target, int maxRedraws)
    {
        const int questions = 60_000;
        RandomStream random = new(17, $"{p}/{s}");
        long redraws = 0, covered = 0;
        for (int q = 0; q < questions; q++)
        {
            int correct = 0;
            for (int i = 0; i < n; i++) correct += random.NextDouble() < p ? 1 : 0;
            covered += correct > 0 ? 1 : 0;
            for (int r = 0; r < maxRedraws && correct < target; r++, redraws++) correct += random.NextDouble() < s ? 1 : 0;
        }
        double expected = SamplingCost.ExpectedRedraws(p, s, n, target, maxRedraws);
        // Redraws per question lie in 0..R: five standard errors of their mean at most.
        Assert.Equal(expected, (double)redraws / questions, 5 * maxRedraws / 2.0 / Math.Sqrt(questions));
        Assert.Equal(SamplingCost.ExpectedCoverage([p], n), (double)covered / questions, 5 * 0.5 / Math.Sqrt(questions));
        Assert.Equal(3 * (n + expected), SamplingCost.ExpectedBudget([p, p, p], [s, s, s], n, target, maxRedraws), 1e-9);
    }

    [Fact]
    public void CostFormulasByHand()
    {
        // One more success wanted, at most two redraws, s = ½: always one draw, a second one in half of the cases.
        Assert.Equal(1.5, SamplingCost.ExpectedRedraws(0.5, 1, 2), 1e-12);
        Assert.Equal(0, SamplingCost.ExpectedRedraws(0.5, 0, 9));
        Assert.Equal(0.1, SamplingCost.ExpectedTailShare([0.8, 0.1, 0.1], [2]), 1e-12);
        Assert.Equal(10 * (1 - Math.Pow(0.9, 20)), SamplingCost.ExpectedRedraws(0.1, 1, 20), 1e-9);
        Assert.True(SamplingCost.SpeedUp(0.05, 0.5, 2, 64) > 5);
    }
}

using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Preference;
using Hone.Training.Objectives.Values;

namespace Hone.Tests.Training;

/// <summary>Every loss's gradient against differences in double precision, on numbers drawn at random.</summary>
public class PreferenceGradientTests
{
    public static TheoryData<string> LossTypes => [.. PairLosses.Names];

    [Theory]
    [MemberData(nameof(LossTypes))]
    public void Losses_over_pairs(string type)
    {
        foreach (FDivergence divergence in type is "sigmoid" or "ipo" or "hinge" ? Enum.GetValues<FDivergence>() : [FDivergence.ReverseKl])
        {
            PreferenceOptions options = new() { LossType = type, LabelSmoothing = 0.1, FDivergenceType = divergence, DiscopopTau = 0.5 };
            CheckGradient(8, (graph, values) => PairLosses.Total(Pairs(graph, values), options), $"{type} {divergence}");
        }
    }

    [Theory]
    [InlineData("sigmoid", 0)]
    [InlineData("hinge", 0)]
    [InlineData("ipo", 0)]
    [InlineData("simpo", 0)]
    [InlineData("simpo", 0.25)]
    public void Losses_without_a_reference(string type, double alpha) => CheckGradient(8, (graph, values) =>
    {
        PairScores pairs = Pairs(graph, values);
        return ReferenceFreeLosses.Cpo(pairs.Chosen / pairs.ChosenLength, pairs.Rejected / pairs.RejectedLength, new() { LossType = type, Alpha = alpha, LabelSmoothing = 0.1 }).Loss.Mean();
    }, type);

    [Fact]
    public void The_odds_ratio() => CheckGradient(8, (graph, values) =>
    {
        PairScores pairs = Pairs(graph, values);
        return ReferenceFreeLosses.Orpo(pairs.Chosen / pairs.ChosenLength, pairs.Rejected / pairs.RejectedLength, 0.5).Loss.Mean();
    }, "orpo");

    [Theory]
    [InlineData("grpo")]
    [InlineData("dr_grpo")]
    [InlineData("sapo")]
    [InlineData("gmpo")]
    public void Losses_on_samples(string type)
    {
        double[] old = Draw(12, "old"), reference = Draw(12, "reference");
        GrpoOptions options = new() { LossType = type, Beta = 0.1, MaxCompletionLength = 5, Epsilon = 3, EpsilonHigh = 3 };
        CheckGradient(12, (graph, values) =>
        {
            Rollout rollout = new(values, [0, 0, 0, -1, 1, 1, 1, 1, 2, 2, -1, -1], 3, [1, -0.5, 0.25]) { Old = old, Reference = reference };
            (Column sum, double weight) = GrpoLoss.Compute(rollout, options, new MetricSums());
            return sum / weight;
        }, type);
    }

    /// <summary>Values: four chosen sums, then four rejected.</summary>
    private static PairScores Pairs(ColumnGraph graph, Column values)
    {
        Column chosen = values.Pick([0, 1, 2, 3]), rejected = values.Pick([4, 5, 6, 7]), lengths = graph.Constant(3, 5, 4, 6), otherLengths = graph.Constant(4, 4, 2, 7);
        double[] reference = Draw(8, "reference");
        return new(chosen, rejected, graph.Constant(reference[..4]), graph.Constant(reference[4..]), lengths, otherLengths, -(chosen / lengths).Mean());
    }

    private static double[] Draw(int count, string purpose)
    {
        RandomStream random = new(3, purpose);
        return [.. Enumerable.Range(0, count).Select(_ => -1 - 3 * random.NextDouble())];
    }

    private static void CheckGradient(int count, Func<ColumnGraph, Column, Column> loss, string what)
    {
        double[] point = Draw(count, "policy");
        ColumnGraph graph = new();
        Column variable = graph.Variable([.. point]);
        graph.Backward(loss(graph, variable));
        for (int i = 0; i < count; i++)
        {
            double At(double step)
            {
                double[] moved = [.. point];
                moved[i] += step;
                ColumnGraph other = new();
                return loss(other, other.Variable(moved)).Values[0];
            }
            double difference = (At(1e-6) - At(-1e-6)) / 2e-6;
            Assert.True(Math.Abs(difference - variable.Gradients[i]) <= 1e-7 * (1 + Math.Abs(difference)), $"{what} [{i}]: {variable.Gradients[i]} instead of {difference}");
        }
    }
}

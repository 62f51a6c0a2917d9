using Hone.Evaluation.Statistics;

namespace Hone.Evaluation.TailMetrics;

/// <summary>
/// What sampling and redrawing cost when success probabilities are known. Symbols as in the card of arXiv:2411.00750: p success
/// probability of an unguided draw, s of a redraw, n unguided draws, m correct solutions wanted, R redraws at most.
/// </summary>
public static class SamplingCost
{
    /// <summary>Expected share of questions with a correct solution after n draws: mean of 1 − (1 − p)^n.</summary>
    public static double ExpectedCoverage(IReadOnlyList<double> p, int n) => p.Average(x => 1 - Math.Pow(1 - x, n));

    /// <summary>
    /// Expected share of kept rows that belong to the questions of <paramref name="tail"/> under uniform sampling: their sum of p
    /// over that of all. It does not depend on n: more uniform draws do not fix the shape.
    /// </summary>
    public static double ExpectedTailShare(IReadOnlyList<double> p, IReadOnlyCollection<int> tail) => tail.Sum(i => p[i]) / p.Sum();

    /// <summary>
    /// Expected redraws of a question that needs <paramref name="missing"/> more correct solutions:
    /// E[min(R, NB)] = sum over r = 0 … R−1 of P(Binomial(r, s) &lt; missing).
    /// </summary>
    public static double ExpectedRedraws(double s, int missing, int maxRedraws)
    {
        double sum = 0;
        for (int r = 0; r < maxRedraws && missing > 0; r++) sum += Distributions.Binomial(r, s, missing - 1);
        return sum;
    }

    /// <summary>Expected redraws when the n unguided draws come first: <see cref="ExpectedRedraws(double, int, int)"/> averaged over their outcome.</summary>
    public static double ExpectedRedraws(double p, double s, int n, int target, int maxRedraws) =>
        Enumerable.Range(0, n + 1).Sum(c => Distributions.BinomialPoint(n, p, c) * ExpectedRedraws(s, target - c, maxRedraws));

    /// <summary>How many times cheaper guidance makes the redraws of a question: E[X | p] / E[X | g].</summary>
    public static double SpeedUp(double p, double g, int missing, int maxRedraws) => ExpectedRedraws(p, missing, maxRedraws) / ExpectedRedraws(g, missing, maxRedraws);

    /// <summary>Expected draws in all: n per question and the redraws.</summary>
    public static double ExpectedBudget(IReadOnlyList<double> p, IReadOnlyList<double> s, int n, int target, int maxRedraws) =>
        p.Zip(s, (a, b) => n + ExpectedRedraws(a, b, n, target, maxRedraws)).Sum();
}

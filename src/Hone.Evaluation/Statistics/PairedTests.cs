using System.Globalization;
using Hone.Core;

namespace Hone.Evaluation.Statistics;

/// <summary>Which side of a difference a test looks at.</summary>
public enum Alternative
{
    TwoSided,
    Less,
    Greater,
}

/// <summary>Tests for two systems that answered the same questions.</summary>
public static class PairedTests
{
    /// <summary>A p value with its relation sign, as reports print it: "= 0.0312" or "&lt; 0.0001".</summary>
    public static string Show(double p) => p < 0.0001 ? "< 0.0001" : "= " + p.ToString("0.0000", CultureInfo.InvariantCulture);

    /// <summary>
    /// McNemar's exact test: of the questions on which the two differ, is either system ahead more often than a fair coin would be?
    /// </summary>
    /// <param name="onlyFirst">Questions only the first system got right.</param>
    /// <param name="onlySecond">Questions only the second system got right.</param>
    /// <returns>Two-sided p value; 1 where they never differ.</returns>
    public static double McNemarExact(long onlyFirst, long onlySecond)
    {
        long n = onlyFirst + onlySecond;
        return n == 0 ? 1 : Math.Min(1, 2 * Distributions.Binomial(n, 0.5, Math.Min(onlyFirst, onlySecond)));
    }

    /// <summary>
    /// McNemar's test by chi-square with one degree of freedom: statistic and p value. The formula as it stands: where the two
    /// never differ it divides by zero (∞ with the correction, NaN without); the exact test says 1 there.
    /// </summary>
    public static (double Statistic, double PValue) McNemarChiSquare(long onlyFirst, long onlySecond, bool continuity = true)
    {
        double n = onlyFirst + onlySecond;
        double difference = Math.Abs(onlyFirst - onlySecond) - (continuity ? 1 : 0);
        double statistic = difference * difference / n;
        return (statistic, double.IsInfinity(statistic) ? 0 : Distributions.ChiSquareTail(statistic, 1));
    }

    /// <summary>Exact binomial test of k successes in n trials against p. Two-sided: all outcomes no likelier than the one seen.</summary>
    public static double Binomial(long k, long n, double p, Alternative alternative = Alternative.TwoSided)
    {
        if (alternative == Alternative.Less) return Distributions.Binomial(n, p, k);
        if (alternative == Alternative.Greater) return Distributions.BinomialTail(n, p, k - 1);
        double seen = Distributions.BinomialPoint(n, p, k) * (1 + 1e-7), sum = 0;
        for (long i = 0; i <= n; i++)
        {
            double point = Distributions.BinomialPoint(n, p, i);
            if (point <= seen) sum += point;
        }
        return Math.Min(1, sum);
    }

    /// <summary>Student's paired t test: statistic, two-sided p value, interval of the mean difference first − second.</summary>
    public static (double Statistic, double PValue, Interval Difference) StudentT(IReadOnlyList<double> first, IReadOnlyList<double> second, double level = 0.95)
    {
        double[] differences = Differences(first, second);
        Interval mean = Means.WithTInterval(differences, level);
        double t = mean.Value / Means.StandardError(differences);
        return (t, Distributions.StudentTTwoSided(t, differences.Length - 1), mean);
    }

    /// <summary>Welch's t test of two independent groups: statistic, two-sided p value, degrees of freedom.</summary>
    public static (double Statistic, double PValue, double Degrees) Welch(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        double a = Means.Variance(first) / first.Count, b = Means.Variance(second) / second.Count;
        double t = (Means.Mean(first) - Means.Mean(second)) / Math.Sqrt(a + b);
        double degrees = (a + b) * (a + b) / (a * a / (first.Count - 1) + b * b / (second.Count - 1));
        return (t, Distributions.StudentTTwoSided(t, degrees), degrees);
    }

    /// <summary>
    /// Paired bootstrap of the mean difference first − second (percentile interval) and a two-sided p value: twice the share of
    /// resampled differences on the other side of zero, with one added above and below.
    /// </summary>
    public static (Interval Difference, double PValue) Bootstrap(
        IReadOnlyList<double> first, IReadOnlyList<double> second, RandomStream random, int resamples = 10_000, double level = 0.95)
    {
        double[] differences = Differences(first, second);
        double[] means = Statistics.Bootstrap.Distribution(differences, Means.Mean, random, resamples);
        Interval interval = Statistics.Bootstrap.Percentile(Means.Mean(differences), means, level);
        long atMostZero = means.LongCount(m => m <= 0), atLeastZero = means.LongCount(m => m >= 0);
        return (interval, Math.Min(1, 2.0 * (Math.Min(atMostZero, atLeastZero) + 1) / (resamples + 1)));
    }

    private static double[] Differences(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count != second.Count || first.Count == 0)
            throw new ArgumentException($"paired values must be equally many and at least one; got {first.Count} and {second.Count}.");
        return [.. first.Zip(second, (a, b) => a - b)];
    }
}

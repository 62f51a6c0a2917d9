using Hone.Core;

namespace Hone.Evaluation.Statistics;

/// <summary>Bootstrap intervals (Efron and Tibshirani 1993).</summary>
public static class Bootstrap
{
    /// <summary>The statistic on <paramref name="resamples"/> samples drawn with replacement.</summary>
    public static double[] Distribution(IReadOnlyList<double> values, Func<IReadOnlyList<double>, double> statistic, RandomStream random, int resamples)
    {
        double[] sample = new double[values.Count], results = new double[resamples];
        for (int r = 0; r < resamples; r++)
        {
            for (int i = 0; i < sample.Length; i++) sample[i] = values[random.Next(values.Count)];
            results[r] = statistic(sample);
        }
        return results;
    }

    /// <summary>Interval between quantiles of the bootstrap distribution, linear between order statistics.</summary>
    public static Interval Percentile(double estimate, IReadOnlyList<double> distribution, double level = 0.95)
    {
        double[] sorted = Sorted(distribution);
        return new(estimate, Means.SortedQuantile(sorted, (1 - level) / 2), Means.SortedQuantile(sorted, (1 + level) / 2), level);
    }

    /// <summary>The percentile interval mirrored at the estimate.</summary>
    public static Interval Basic(double estimate, IReadOnlyList<double> distribution, double level = 0.95)
    {
        Interval percentile = Percentile(estimate, distribution, level);
        return new(estimate, 2 * estimate - percentile.High, 2 * estimate - percentile.Low, level);
    }

    /// <summary>
    /// Bias-corrected and accelerated interval (Efron 1987). Resamples equal to the estimate count half in the bias term.
    /// </summary>
    /// <param name="estimate">The statistic on the data.</param>
    /// <param name="distribution">The statistic on resamples.</param>
    /// <param name="jackknife">The statistic with each item left out in turn.</param>
    public static Interval BiasCorrected(double estimate, IReadOnlyList<double> distribution, IReadOnlyList<double> jackknife, double level = 0.95)
    {
        double below = distribution.Average(d => d < estimate ? 1.0 : d == estimate ? 0.5 : 0.0);
        double bias = Distributions.GaussQuantile(below), mean = Means.Mean(jackknife);
        double cubes = jackknife.Sum(j => Math.Pow(mean - j, 3)), squares = jackknife.Sum(j => Math.Pow(mean - j, 2));
        double acceleration = squares == 0 ? 0 : cubes / (6 * Math.Pow(squares, 1.5));
        double[] sorted = Sorted(distribution);
        double End(double tail)
        {
            double z = bias + Distributions.GaussQuantile(tail);
            return Means.SortedQuantile(sorted, Distributions.Gauss(bias + z / (1 - acceleration * z)));
        }
        return new(estimate, End((1 - level) / 2), End((1 + level) / 2), level);
    }

    /// <summary>The statistic with each item left out in turn.</summary>
    public static double[] Jackknife(IReadOnlyList<double> values, Func<IReadOnlyList<double>, double> statistic) =>
        [.. Enumerable.Range(0, values.Count).Select(i => statistic([.. values.Where((_, j) => j != i)]))];

    private static double[] Sorted(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted;
    }
}

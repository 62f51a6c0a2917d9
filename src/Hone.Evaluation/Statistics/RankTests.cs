namespace Hone.Evaluation.Statistics;

/// <summary>Mann and Whitney's test of two independent groups, and correlations.</summary>
public static class RankTests
{
    /// <summary>
    /// Mann–Whitney U of the first group with its p value by the normal approximation, corrected for ties; half a rank is taken
    /// off for continuity where asked for.
    /// </summary>
    public static (double U, double PValue) MannWhitney(IReadOnlyList<double> first, IReadOnlyList<double> second, Alternative alternative = Alternative.TwoSided, bool continuity = true)
    {
        (double u, double tested, double factor) = Statistic(first, second, alternative);
        double n1 = first.Count, n2 = second.Count, n = n1 + n2;
        double deviation = Math.Sqrt(n1 * n2 / 12 * (n + 1 - Ranks.TieTerm(first.Concat(second)) / (n * (n - 1))));
        double z = (tested - n1 * n2 / 2 - (continuity ? 0.5 : 0)) / deviation;
        return (u, Math.Min(1, factor * Distributions.Gauss(-z)));
    }

    /// <summary>The same with the exact distribution, which knows no ties; half ranks are rounded to the safe side.</summary>
    public static (double U, double PValue) MannWhitneyExact(IReadOnlyList<double> first, IReadOnlyList<double> second, Alternative alternative = Alternative.TwoSided)
    {
        (double u, double tested, double factor) = Statistic(first, second, alternative);
        double[] counts = Distribution(first.Count, second.Count);
        double tail = counts.Skip((int)tested).Sum() / counts.Sum();
        return (u, Math.Min(1, factor * tail));
    }

    /// <summary>Pearson's correlation and its two-sided p value by Student's t.</summary>
    public static (double R, double PValue) Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        double mx = Means.Mean(x), my = Means.Mean(y), xy = 0, xx = 0, yy = 0;
        for (int i = 0; i < x.Count; i++)
        {
            xy += (x[i] - mx) * (y[i] - my);
            xx += (x[i] - mx) * (x[i] - mx);
            yy += (y[i] - my) * (y[i] - my);
        }
        double r = Math.Clamp(xy / Math.Sqrt(xx * yy), -1, 1);
        return (r, Distributions.StudentTTwoSided(r * Math.Sqrt((x.Count - 2) / ((1 - r) * (1 + r))), x.Count - 2));
    }

    /// <summary>Spearman's rank correlation, p value by Student's t.</summary>
    public static (double R, double PValue) Spearman(IReadOnlyList<double> x, IReadOnlyList<double> y) => Pearson(Ranks.Of(x), Ranks.Of(y));

    private static (double U, double Tested, double Factor) Statistic(IReadOnlyList<double> first, IReadOnlyList<double> second, Alternative alternative)
    {
        double[] ranks = Ranks.Of([.. first, .. second]);
        double u = ranks.Take(first.Count).Sum() - first.Count * (first.Count + 1) / 2.0, other = (double)first.Count * second.Count - u;
        return alternative switch
        {
            Alternative.Greater => (u, u, 1),
            Alternative.Less => (u, other, 1),
            _ => (u, Math.Max(u, other), 2),
        };
    }

    /// <summary>How many of the orders of m and n values have each U, as the coefficients of a Gaussian binomial.</summary>
    private static double[] Distribution(int m, int n)
    {
        double[] counts = new double[m * n + 1];
        counts[0] = 1;
        for (int j = 1; j <= m; j++)
        {
            for (int u = m * n; u >= n + j; u--) counts[u] -= counts[u - n - j];
            for (int u = j; u <= m * n; u++) counts[u] += counts[u - j];
        }
        return counts;
    }
}

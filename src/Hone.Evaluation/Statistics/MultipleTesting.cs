namespace Hone.Evaluation.Statistics;

/// <summary>Corrections for several tests at once: p values to compare with the one level wanted.</summary>
public static class MultipleTesting
{
    /// <summary>Bonferroni: times the number of tests.</summary>
    public static double[] Bonferroni(IReadOnlyList<double> p) => [.. p.Select(x => Math.Min(1, x * p.Count))];

    /// <summary>Holm 1979: as safe as Bonferroni, never weaker.</summary>
    public static double[] Holm(IReadOnlyList<double> p) => Cumulated(p, (x, rank, n) => x * (n - rank), ascending: true);

    /// <summary>Šidák: 1 − (1 − p)^n.</summary>
    public static double[] Sidak(IReadOnlyList<double> p) => [.. p.Select(x => -double.ExpM1(p.Count * double.LogP1(-x)))];

    /// <summary>Holm's steps with Šidák's formula.</summary>
    public static double[] HolmSidak(IReadOnlyList<double> p) => Cumulated(p, (x, rank, n) => -double.ExpM1((n - rank) * double.LogP1(-x)), ascending: true);

    /// <summary>Hochberg 1988, from the greatest p value down.</summary>
    public static double[] Hochberg(IReadOnlyList<double> p) => Cumulated(p, (x, rank, n) => x * (n - rank), ascending: false);

    /// <summary>Benjamini and Hochberg 1995: bounds the expected share of false discoveries.</summary>
    public static double[] BenjaminiHochberg(IReadOnlyList<double> p) => Cumulated(p, (x, rank, n) => x * n / (rank + 1), ascending: false);

    /// <summary>Benjamini and Yekutieli 2001: the same under any dependence.</summary>
    public static double[] BenjaminiYekutieli(IReadOnlyList<double> p)
    {
        double harmonic = Enumerable.Range(1, p.Count).Sum(i => 1.0 / i);
        return Cumulated(p, (x, rank, n) => x * n * harmonic / (rank + 1), ascending: false);
    }

    /// <summary>Adjusts in order of p and makes the result monotone: running maximum upwards or running minimum downwards.</summary>
    private static double[] Cumulated(IReadOnlyList<double> p, Func<double, int, int, double> adjust, bool ascending)
    {
        int[] order = [.. Enumerable.Range(0, p.Count).OrderBy(i => p[i])];
        double[] adjusted = new double[p.Count];
        double running = ascending ? 0 : 1;
        for (int step = 0; step < order.Length; step++)
        {
            int rank = ascending ? step : order.Length - 1 - step;
            double value = Math.Min(1, adjust(p[order[rank]], rank, order.Length));
            running = ascending ? Math.Max(running, value) : Math.Min(running, value);
            adjusted[order[rank]] = running;
        }
        return adjusted;
    }
}

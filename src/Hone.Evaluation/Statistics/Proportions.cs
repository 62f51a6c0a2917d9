using MathNet.Numerics.Distributions;

namespace Hone.Evaluation.Statistics;

/// <summary>Intervals for a share of successes: k of n, n at least 1, at a level between 0 and 1.</summary>
public static class Proportions
{
    /// <summary>Wilson's score interval (1927): good at every n and never outside 0..1. The project's standard for accuracies.</summary>
    public static Interval Wilson(long k, long n, double level = 0.95)
    {
        (double p, double z) = Checked(k, n, level);
        double scale = 1 + z * z / n;
        double centre = (p + z * z / (2 * n)) / scale;
        double half = z / scale * Math.Sqrt(p * (1 - p) / n + z * z / (4.0 * n * n));
        return new(p, k == 0 ? 0 : Math.Max(0, centre - half), k == n ? 1 : Math.Min(1, centre + half), level);
    }

    /// <summary>Wilson's interval with continuity correction (Newcombe 1998).</summary>
    public static Interval WilsonContinuity(long k, long n, double level = 0.95)
    {
        (double p, double z) = Checked(k, n, level);
        double denominator = 2 * (n + z * z), centre = 2 * n * p + z * z;
        double low = (centre - 1 - z * Math.Sqrt(z * z - 2 - 1.0 / n + 4 * p * (n * (1 - p) + 1))) / denominator;
        double high = (centre + 1 + z * Math.Sqrt(z * z + 2 - 1.0 / n + 4 * p * (n * (1 - p) - 1))) / denominator;
        return new(p, k == 0 ? 0 : Math.Max(0, low), k == n ? 1 : Math.Min(1, high), level);
    }

    /// <summary>Clopper and Pearson's exact interval (1934); never covers less than the level.</summary>
    public static Interval ClopperPearson(long k, long n, double level = 0.95)
    {
        (double p, _) = Checked(k, n, level);
        double tail = (1 - level) / 2;
        double low = k == 0 ? 0 : Distributions.BetaQuantile(k, n - k + 1, tail);
        double high = k == n ? 1 : Distributions.BetaQuantile(k + 1, n - k, 1 - tail);
        return new(p, low, high, level);
    }

    /// <summary>Agresti and Coull (1998).</summary>
    public static Interval AgrestiCoull(long k, long n, double level = 0.95)
    {
        (double p, double z) = Checked(k, n, level);
        double trials = n + z * z, centre = (k + z * z / 2) / trials;
        double half = z * Math.Sqrt(centre * (1 - centre) / trials);
        return new(p, Math.Max(0, centre - half), Math.Min(1, centre + half), level);
    }

    /// <summary>Equal tails of the Beta(k + ½, n − k + ½) posterior.</summary>
    public static Interval Jeffreys(long k, long n, double level = 0.95)
    {
        (double p, _) = Checked(k, n, level);
        double tail = (1 - level) / 2;
        return new(p, Distributions.BetaQuantile(k + 0.5, n - k + 0.5, tail), Distributions.BetaQuantile(k + 0.5, n - k + 0.5, 1 - tail), level);
    }

    /// <summary>p ± z·se, cut to 0..1. Too short near 0 and 1; kept for comparison with papers that use it.</summary>
    public static Interval NormalApproximation(long k, long n, double level = 0.95)
    {
        (double p, double z) = Checked(k, n, level);
        double half = z * Math.Sqrt(p * (1 - p) / n);
        return new(p, Math.Max(0, p - half), Math.Min(1, p + half), level);
    }

    private static (double P, double Z) Checked(long k, long n, double level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
        if (!(level is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(level), level, "must lie between 0 and 1");
        return ((double)k / n, Normal.InvCDF(0, 1, (1 + level) / 2));
    }
}

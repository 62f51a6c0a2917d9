namespace Hone.Evaluation.Statistics;

/// <summary>Means and their errors.</summary>
public static class Means
{
    /// <summary>Arithmetic mean; NaN of nothing.</summary>
    public static double Mean(IReadOnlyList<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value;
        return sum / values.Count;
    }

    /// <summary>Sample variance, divisor n − 1; NaN below two values.</summary>
    public static double Variance(IReadOnlyList<double> values)
    {
        double mean = Mean(values), sum = 0;
        foreach (double value in values) sum += (value - mean) * (value - mean);
        return values.Count < 2 ? double.NaN : sum / (values.Count - 1);
    }

    /// <summary>Standard error of the mean, divisor n − 1 inside.</summary>
    public static double StandardError(IReadOnlyList<double> values) => Math.Sqrt(Variance(values) / values.Count);

    /// <summary>Mean over seeds or items with Student's t interval; both ends NaN below two values.</summary>
    public static Interval WithTInterval(IReadOnlyList<double> values, double level = 0.95)
    {
        double mean = Mean(values);
        if (values.Count < 2) return new(mean, double.NaN, double.NaN, level);
        double half = Distributions.StudentTQuantile(values.Count - 1, (1 + level) / 2) * StandardError(values);
        return new(mean, mean - half, mean + half, level);
    }

    /// <summary>
    /// Standard error of the mean when items come in clusters (several questions of one text, several samples of one question):
    /// sqrt(C / (C − 1) · sum over the C clusters of (sum of deviations)²) / n. NaN for a single cluster.
    /// </summary>
    public static double ClusteredStandardError(IReadOnlyList<double> values, IReadOnlyList<int> clusters)
    {
        if (values.Count != clusters.Count) throw new ArgumentException("each value needs its cluster.");
        double mean = Mean(values);
        Dictionary<int, double> sums = [];
        for (int i = 0; i < values.Count; i++) sums[clusters[i]] = sums.GetValueOrDefault(clusters[i]) + values[i] - mean;
        double factor = sums.Count < 2 ? double.NaN : (double)sums.Count / (sums.Count - 1);
        return Math.Sqrt(factor * sums.Values.Sum(s => s * s)) / values.Count;
    }

    /// <summary>Quantile by linear interpolation between order statistics (the usual rule, type 7). The values need not be sorted.</summary>
    public static double Quantile(IReadOnlyList<double> values, double q)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return SortedQuantile(sorted, q);
    }

    internal static double SortedQuantile(double[] sorted, double q)
    {
        if (sorted.Length == 0) return double.NaN;
        double at = q * (sorted.Length - 1);
        int below = Math.Clamp((int)Math.Floor(at), 0, sorted.Length - 1), above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}

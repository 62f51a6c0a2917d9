namespace Hone.Evaluation.Statistics;

/// <summary>What differences between values mean.</summary>
public enum Measurement
{
    Nominal,
    Ordinal,
    Interval,
    Ratio,
}

/// <summary>Krippendorff's alpha (2011, "Computing Krippendorff's Alpha-Reliability"); any number of raters, missing values allowed.</summary>
public static class Krippendorff
{
    /// <summary>Alpha of <paramref name="ratings"/>[rater][unit]; NaN marks a missing value. NaN when all values are equal.</summary>
    public static double Alpha(double[][] ratings, Measurement measurement)
    {
        double[] values = [.. ratings.SelectMany(r => r).Where(v => !double.IsNaN(v)).Distinct().Order()];
        double[,] coincidences = Coincidences(ratings, values);
        double[] margins = [.. Enumerable.Range(0, values.Length).Select(i => Enumerable.Range(0, values.Length).Sum(j => coincidences[i, j]))];
        double total = margins.Sum(), seen = 0, expected = 0;
        for (int i = 0; i < values.Length; i++)
        {
            for (int j = 0; j < values.Length; j++)
            {
                double distance = Distance(values, margins, i, j, measurement);
                seen += coincidences[i, j] * distance;
                expected += margins[i] * margins[j] * distance / (total - 1);
            }
        }
        return expected == 0 ? double.NaN : 1 - seen / expected;
    }

    private static double[,] Coincidences(double[][] ratings, double[] values)
    {
        double[,] coincidences = new double[values.Length, values.Length];
        for (int unit = 0; unit < ratings[0].Length; unit++)
        {
            int[] given = [.. ratings.Select(r => r[unit]).Where(v => !double.IsNaN(v)).Select(v => Array.BinarySearch(values, v))];
            if (given.Length < 2) continue;
            for (int i = 0; i < given.Length; i++)
                for (int j = 0; j < given.Length; j++)
                    if (i != j) coincidences[given[i], given[j]] += 1.0 / (given.Length - 1);
        }
        return coincidences;
    }

    private static double Distance(double[] values, double[] margins, int i, int j, Measurement measurement)
    {
        if (i == j) return 0;
        (int low, int high) = (Math.Min(i, j), Math.Max(i, j));
        double between = measurement switch
        {
            Measurement.Nominal => 1,
            Measurement.Ordinal => margins.Skip(low).Take(high - low + 1).Sum() - (margins[low] + margins[high]) / 2,
            Measurement.Interval => values[high] - values[low],
            _ => (values[high] - values[low]) / (values[high] + values[low]),
        };
        return between * between;
    }
}

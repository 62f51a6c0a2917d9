namespace Hone.Evaluation.Statistics;

/// <summary>
/// Intraclass correlations of Shrout and Fleiss (1979) for n subjects rated by the same k raters: single rater and mean of the k.
/// </summary>
public sealed record IntraclassCorrelation(double OneWay, double TwoWayRandom, double TwoWayMixed, double OneWayMean, double TwoWayRandomMean, double TwoWayMixedMean)
{
    /// <summary>ICC(1,1), (2,1), (3,1), (1,k), (2,k), (3,k) of <paramref name="ratings"/>[subject][rater], complete, two of each at least.</summary>
    public static IntraclassCorrelation Of(double[][] ratings)
    {
        int n = ratings.Length, k = ratings[0].Length;
        double mean = ratings.Average(r => r.Average());
        double rows = k * ratings.Sum(r => Square(r.Average() - mean)) / (n - 1);
        double[] raters = [.. Enumerable.Range(0, k).Select(j => ratings.Average(r => r[j]))];
        double columns = n * raters.Sum(m => Square(m - mean)) / (k - 1);
        double within = ratings.Sum(r => r.Sum(v => Square(v - r.Average()))) / (n * (k - 1.0));
        double error = Enumerable.Range(0, n).Sum(i => Enumerable.Range(0, k).Sum(j => Square(ratings[i][j] - ratings[i].Average() - raters[j] + mean))) / ((n - 1.0) * (k - 1));
        return new(
            (rows - within) / (rows + (k - 1) * within),
            (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n),
            (rows - error) / (rows + (k - 1) * error),
            (rows - within) / rows,
            (rows - error) / (rows + (columns - error) / n),
            (rows - error) / rows);
    }

    private static double Square(double x) => x * x;
}

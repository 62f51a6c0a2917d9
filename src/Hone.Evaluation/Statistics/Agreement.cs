namespace Hone.Evaluation.Statistics;

/// <summary>How disagreement between two ordered categories is weighted.</summary>
public enum KappaWeights
{
    None,
    Linear,
    Quadratic,
}

/// <summary>Agreement between raters beyond chance.</summary>
public static class Agreement
{
    /// <summary>
    /// Cohen's kappa (1960; weighted 1968) of two raters over categories 0 … <paramref name="categories"/> − 1. NaN when both use a single
    /// category.
    /// </summary>
    public static double Cohen(IReadOnlyList<int> first, IReadOnlyList<int> second, int categories, KappaWeights weights = KappaWeights.None)
    {
        double[] a = new double[categories], b = new double[categories];
        double[,] both = new double[categories, categories];
        foreach ((int x, int y) in first.Zip(second))
        {
            a[x]++;
            b[y]++;
            both[x, y]++;
        }
        double seen = 0, expected = 0;
        for (int i = 0; i < categories; i++)
        {
            for (int j = 0; j < categories; j++)
            {
                double weight = weights switch { KappaWeights.Linear => Math.Abs(i - j), KappaWeights.Quadratic => (i - j) * (i - j), _ => i == j ? 0 : 1 };
                seen += weight * both[i, j];
                expected += weight * a[i] * b[j] / first.Count;
            }
        }
        return expected == 0 ? double.NaN : 1 - seen / expected;
    }

    /// <summary>Fleiss' kappa (1971): <paramref name="counts"/>[item, category] ratings, equally many per item.</summary>
    public static double Fleiss(int[][] counts)
    {
        double total = counts.Sum(r => r.Sum());
        double chance = Enumerable.Range(0, counts[0].Length).Sum(c => Math.Pow(counts.Sum(r => r[c]) / total, 2));
        return Beyond(Observed(counts), chance);
    }

    /// <summary>Randolph's kappa (2005): like Fleiss', with chance 1 / categories.</summary>
    public static double Randolph(int[][] counts) => Beyond(Observed(counts), 1.0 / counts[0].Length);

    private static double Observed(int[][] counts) => counts.Average(r =>
    {
        double n = r.Sum();
        return (r.Sum(c => (double)c * c) - n) / (n * (n - 1));
    });

    private static double Beyond(double observed, double chance) => (observed - chance) / (1 - chance);
}

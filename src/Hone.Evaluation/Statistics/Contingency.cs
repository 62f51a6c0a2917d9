namespace Hone.Evaluation.Statistics;

/// <summary>Tests on tables of counts.</summary>
public static class Contingency
{
    /// <summary>Fisher's exact test of a 2 × 2 table. Two-sided: all tables with the same margins that are no likelier.</summary>
    public static double Fisher(long a, long b, long c, long d, Alternative alternative = Alternative.TwoSided)
    {
        long row = a + b, column = a + c, total = a + b + c + d;
        double Point(long x) => Math.Exp(Distributions.LogChoose(row, x) + Distributions.LogChoose(total - row, column - x) - Distributions.LogChoose(total, column));
        long low = Math.Max(0, column - (total - row)), high = Math.Min(row, column);
        double seen = Point(a) * (1 + 1e-7);
        double sum = 0;
        for (long x = low; x <= high; x++)
        {
            bool counts = alternative switch { Alternative.Less => x <= a, Alternative.Greater => x >= a, _ => Point(x) <= seen };
            if (counts) sum += Point(x);
        }
        return Math.Min(1, sum);
    }

    /// <summary>Pearson's chi-square test of independence; Yates' correction only where there is one degree of freedom.</summary>
    public static (double Statistic, double PValue, int Degrees) Independence(double[][] table, bool yates = true)
    {
        int rows = table.Length, columns = table[0].Length, degrees = (rows - 1) * (columns - 1);
        double total = table.Sum(r => r.Sum()), statistic = 0;
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                double expected = table[i].Sum() * table.Sum(r => r[j]) / total, difference = Math.Abs(table[i][j] - expected);
                if (yates && degrees == 1) difference -= Math.Min(0.5, difference);
                statistic += difference * difference / expected;
            }
        }
        return (statistic, Distributions.ChiSquareTail(statistic, degrees), degrees);
    }

    /// <summary>Chi-square test of counts against equal expected counts.</summary>
    public static (double Statistic, double PValue) Uniform(IReadOnlyList<double> observed)
    {
        double expected = observed.Average(), statistic = observed.Sum(o => (o - expected) * (o - expected) / expected);
        return (statistic, Distributions.ChiSquareTail(statistic, observed.Count - 1));
    }
}

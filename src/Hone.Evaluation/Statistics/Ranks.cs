namespace Hone.Evaluation.Statistics;

/// <summary>What equal values get as their rank.</summary>
public enum TieRule
{
    /// <summary>The mean of the ranks they take up.</summary>
    Average,

    /// <summary>The smallest of them.</summary>
    Min,

    /// <summary>The greatest of them.</summary>
    Max,

    /// <summary>Like Min, but ranks go up by one from value to value.</summary>
    Dense,

    /// <summary>Their order of appearance.</summary>
    Ordinal,
}

/// <summary>Ranks from 1 on.</summary>
public static class Ranks
{
    /// <summary>The rank of each value, smallest first.</summary>
    public static double[] Of(IReadOnlyList<double> values, TieRule ties = TieRule.Average)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(i => values[i])];
        double[] ranks = new double[values.Count];
        int distinct = 0;
        for (int start = 0, end; start < order.Length; start = end)
        {
            end = start;
            while (end < order.Length && values[order[end]].Equals(values[order[start]])) end++;
            distinct++;
            for (int i = start; i < end; i++)
            {
                ranks[order[i]] = ties switch
                {
                    TieRule.Average => (start + end + 1) / 2.0,
                    TieRule.Min => start + 1,
                    TieRule.Max => end,
                    TieRule.Dense => distinct,
                    _ => i + 1,
                };
            }
        }
        return ranks;
    }

    /// <summary>Sum over groups of equal values of t³ − t, which several tests correct for.</summary>
    internal static double TieTerm(IEnumerable<double> values) => values.GroupBy(v => v).Sum(g => Math.Pow(g.Count(), 3) - g.Count());
}

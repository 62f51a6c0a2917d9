namespace Hone.Evaluation.Statistics;

/// <summary>What happens to differences of zero.</summary>
public enum ZeroRule
{
    /// <summary>They are left out (Wilcoxon).</summary>
    LeaveOut,

    /// <summary>They are ranked, then left out (Pratt).</summary>
    Pratt,

    /// <summary>Half of their ranks goes to either side.</summary>
    Split,
}

/// <summary>How the p value is found.</summary>
public enum PValueMethod
{
    /// <summary>Exact table up to 50 values without zeros and ties, all sign changes up to 13 values with them, else the normal approximation.</summary>
    Auto,

    /// <summary>The table for values without ties, also where there are some.</summary>
    Exact,

    /// <summary>The normal approximation.</summary>
    Approximate,
}

/// <summary>Wilcoxon's signed-rank test (1945) of paired values, two-sided.</summary>
public static class Wilcoxon
{
    /// <summary>The smaller rank sum and the p value.</summary>
    public static (double Statistic, double PValue) Test(
        IReadOnlyList<double> first, IReadOnlyList<double> second, ZeroRule zeros = ZeroRule.LeaveOut, PValueMethod method = PValueMethod.Auto, bool continuity = false)
    {
        double[] d = [.. first.Zip(second, (a, b) => a - b).Where(x => zeros != ZeroRule.LeaveOut || x != 0)];
        double[] ranks = Ranks.Of([.. d.Select(Math.Abs)]);
        double plus = Sum(d, ranks, zeros, +1), minus = Sum(d, ranks, zeros, -1);
        double p = Choose(method, d, ranks, first.Count) switch
        {
            PValueMethod.Exact => Exact(plus, d.Length),
            PValueMethod.Auto => SignChanges(d, ranks, zeros, plus),
            _ => Approximate(plus, d, zeros, continuity),
        };
        return (Math.Min(plus, minus), p);
    }

    /// <summary>Auto in the result means: by all sign changes.</summary>
    private static PValueMethod Choose(PValueMethod method, double[] d, double[] ranks, int count)
    {
        if (method != PValueMethod.Auto) return method;
        bool clean = d.Length == count && !d.Contains(0) && ranks.Distinct().Count() == ranks.Length;
        return clean && count <= 50 ? PValueMethod.Exact : !clean && count <= 13 ? PValueMethod.Auto : PValueMethod.Approximate;
    }

    private static double Sum(double[] d, double[] ranks, ZeroRule zeros, int sign)
    {
        double sum = 0;
        for (int i = 0; i < d.Length; i++) sum += Math.Sign(d[i]) == sign ? ranks[i] : d[i] == 0 && zeros == ZeroRule.Split ? ranks[i] / 2 : 0;
        return sum;
    }

    private static double Approximate(double plus, double[] d, ZeroRule zeros, bool continuity)
    {
        double n = d.Length, mean = n * (n + 1) / 4, variance = n * (n + 1) * (2 * n + 1);
        IEnumerable<double> tied = d.Select(Math.Abs);
        if (zeros == ZeroRule.Pratt)
        {
            double z0 = d.Count(x => x == 0);
            mean -= z0 * (z0 + 1) / 4;
            variance -= z0 * (z0 + 1) * (2 * z0 + 1);
            tied = tied.Where(x => x != 0);
        }
        double error = Math.Sqrt((variance - Ranks.TieTerm(tied) / 2) / 24), z = (plus - mean) / error;
        if (continuity) z -= Math.Sign(z) * 0.5 / error;
        return Math.Min(1, 2 * Distributions.Gauss(-Math.Abs(z)));
    }

    /// <summary>Sums that are not whole are rounded to the safe side.</summary>
    private static double Exact(double plus, int n)
    {
        double[] ways = new double[n * (n + 1) / 2 + 1];
        ways[0] = 1;
        for (int rank = 1; rank <= n; rank++)
            for (int s = ways.Length - 1; s >= rank; s--) ways[s] += ways[s - rank];
        double all = Math.Pow(2, n);
        double upper = ways.Skip((int)Math.Floor(plus)).Sum() / all, lower = ways.Take((int)Math.Ceiling(plus) + 1).Sum() / all;
        return Math.Min(1, 2 * Math.Min(upper, lower));
    }

    private static double SignChanges(double[] d, double[] ranks, ZeroRule zeros, double plus)
    {
        int below = 0, above = 0, all = 1 << d.Length;
        double[] flipped = new double[d.Length];
        for (int mask = 0; mask < all; mask++)
        {
            for (int i = 0; i < d.Length; i++) flipped[i] = (mask >> i & 1) == 0 ? d[i] : -d[i];
            double sum = Sum(flipped, ranks, zeros, +1);
            if (sum <= plus + 1e-9) below++;
            if (sum >= plus - 1e-9) above++;
        }
        return Math.Min(1, 2.0 * Math.Min(below, above) / all);
    }
}

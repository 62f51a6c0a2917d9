namespace Hone.Evaluation.Statistics;

/// <summary>Figures over several samples per question.</summary>
public static class Sampling
{
    /// <summary>
    /// Unbiased pass@k of Chen et al. 2021 (arXiv:2107.03374, eq. 1): probability that k of n samples, c of them right, hold a right one:
    /// 1 − ∏ from i = n−c+1 to n of (1 − k/i).
    /// </summary>
    public static double PassAtK(int n, int c, int k)
    {
        Check(n, c, k);
        if (n - c < k) return 1;
        double miss = 1;
        for (int i = n - c + 1; i <= n; i++) miss *= 1 - (double)k / i;
        return 1 - miss;
    }

    /// <summary>pass^k: probability that all of k samples drawn without replacement are right, C(c, k) / C(n, k).</summary>
    public static double PassHatK(int n, int c, int k)
    {
        Check(n, c, k);
        double all = 1;
        for (int i = 0; i < k; i++) all *= Math.Max(0, (double)(c - i) / (n - i));
        return all;
    }

    /// <summary>The most frequent answer; the one seen first among equals; null answers have no vote. Null when nobody votes.</summary>
    public static string? MajorityVote(IEnumerable<string?> answers) => WeightedVote(answers.Select(a => (a, 1.0)));

    /// <summary>The answer with the greatest sum of weights; the one seen first among equals. NaN weights count nothing.</summary>
    public static string? WeightedVote(IEnumerable<(string? Answer, double Weight)> votes)
    {
        List<string> order = [];
        Dictionary<string, double> sums = [];
        foreach ((string? answer, double weight) in votes)
        {
            if (answer is null) continue;
            if (!sums.ContainsKey(answer)) order.Add(answer);
            sums[answer] = sums.GetValueOrDefault(answer) + (double.IsNaN(weight) ? 0 : weight);
        }
        return order.Count == 0 ? null : order.MaxBy(a => sums[a]);
    }

    /// <summary>Index of the greatest score, the first among equals; NaN counts as −∞. −1 for no scores.</summary>
    public static int Best(IReadOnlyList<double> scores)
    {
        int best = -1;
        for (int i = 0; i < scores.Count; i++)
        {
            double score = double.IsNaN(scores[i]) ? double.NegativeInfinity : scores[i];
            if (best < 0 || score > scores[best]) best = i;
        }
        return best;
    }

    private static void Check(int n, int c, int k)
    {
        if (n < 1 || c < 0 || c > n || k < 1 || k > n) throw new ArgumentOutOfRangeException(nameof(k), $"need 0 ≤ c ≤ n and 1 ≤ k ≤ n; got n {n}, c {c}, k {k}.");
    }
}

using Hone.Core;

namespace Hone.Evaluation.Statistics;

/// <summary>Permutation tests for a difference of means.</summary>
public static class PermutationTests
{
    /// <summary>Differences closer than this share of the observed one count as equal: sums in another order round differently.</summary>
    private const double Slack = 1e-14;

    private const int MaxEnumerated = 1 << 20;

    /// <summary>
    /// Sign-flip test for paired values: under the null the sign of each difference is a coin toss. All 2^n assignments when
    /// n ≤ 20, else <paramref name="resamples"/> random ones with one added above and below.
    /// </summary>
    public static double Paired(IReadOnlyList<double> first, IReadOnlyList<double> second, Alternative alternative, RandomStream random, int resamples = 9999)
    {
        double[] differences = [.. first.Zip(second, (a, b) => a - b)];
        double observed = differences.Sum();
        if (differences.Length <= 20) return PValue(observed, SignSums(differences), alternative, exact: true);
        double[] sums = new double[resamples];
        for (int r = 0; r < resamples; r++)
            foreach (double d in differences) sums[r] += (random.NextUInt32() & 1) == 0 ? d : -d;
        return PValue(observed, sums, alternative, exact: false);
    }

    /// <summary>
    /// Test for two independent groups: under the null every division into groups of these sizes is equally likely. All
    /// divisions when there are at most a million, else random ones.
    /// </summary>
    public static double Independent(IReadOnlyList<double> first, IReadOnlyList<double> second, Alternative alternative, RandomStream random, int resamples = 9999)
    {
        double[] all = [.. first, .. second];
        int n = first.Count;
        double total = all.Sum();
        double Difference(double sum) => sum / n - (total - sum) / (all.Length - n);
        double observed = Difference(first.Sum());
        bool exact = Distributions.LogChoose(all.Length, n) <= Math.Log(MaxEnumerated);
        IEnumerable<double> sums = exact ? SubsetSums(all, n) : RandomSums(all, n, random, resamples);
        return PValue(observed, [.. sums.Select(Difference)], alternative, exact);
    }

    private static double PValue(double observed, IReadOnlyCollection<double> values, Alternative alternative, bool exact)
    {
        double slack = Slack * Math.Max(1, Math.Abs(observed)) * 100;
        double Share(Func<double, bool> test) => exact ? (double)values.Count(test) / values.Count : (values.Count(test) + 1.0) / (values.Count + 1);
        double less = Share(v => v <= observed + slack), greater = Share(v => v >= observed - slack);
        return alternative switch
        {
            Alternative.Less => less,
            Alternative.Greater => greater,
            _ => Math.Min(1, 2 * Math.Min(less, greater)),
        };
    }

    private static double[] SignSums(double[] differences)
    {
        double[] sums = new double[1 << differences.Length];
        for (int mask = 0; mask < sums.Length; mask++)
            for (int i = 0; i < differences.Length; i++) sums[mask] += (mask >> i & 1) == 0 ? differences[i] : -differences[i];
        return sums;
    }

    private static IEnumerable<double> SubsetSums(double[] all, int n)
    {
        int[] chosen = [.. Enumerable.Range(0, n)];
        while (true)
        {
            yield return chosen.Sum(i => all[i]);
            int at = n - 1;
            while (at >= 0 && chosen[at] == all.Length - n + at) at--;
            if (at < 0) yield break;
            chosen[at]++;
            for (int i = at + 1; i < n; i++) chosen[i] = chosen[i - 1] + 1;
        }
    }

    private static IEnumerable<double> RandomSums(double[] all, int n, RandomStream random, int resamples)
    {
        double[] shuffled = [.. all];
        for (int r = 0; r < resamples; r++)
        {
            random.Shuffle(shuffled.AsSpan());
            yield return shuffled.Take(n).Sum();
        }
    }
}

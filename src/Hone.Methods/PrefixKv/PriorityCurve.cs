using Hone.Core;

namespace Hone.Methods.PrefixKv;

/// <summary>
/// How much of a layer's importance its o most important slots hold: P(o) = Σ of the o largest scores / Σ of all. Wang et al. 2024
/// (PrefixKV), arXiv:2412.03409, section 3.
/// </summary>
public sealed class PriorityCurve
{
    private readonly double[] shares, parts;

    /// <param name="scores">[N] importance, not negative; all zero counts as all equal.</param>
    /// <exception cref="HoneException">No scores, or one that is negative or not a number.</exception>
    public PriorityCurve(ReadOnlySpan<double> scores)
    {
        double[] sorted = scores.ToArray();
        if (sorted.Length == 0) throw new HoneException("a layer has no importance scores. Give at least one token.");
        if (Array.FindIndex(sorted, s => !(s >= 0) || double.IsInfinity(s)) is >= 0 and int bad)
            throw new HoneException($"importance score {bad} is {sorted[bad]}; expected a finite number of at least 0.");
        Array.Sort(sorted, (a, b) => b.CompareTo(a));
        if (sorted[0] == 0) Array.Fill(sorted, 1);
        Gini = GiniOf(sorted);
        shares = new double[sorted.Length];
        double sum = 0;
        for (int i = 0; i < sorted.Length; i++) shares[i] = sum += sorted[i];
        for (int i = 0; i < shares.Length; i++) shares[i] /= sum;
        parts = [.. sorted.Select(s => s / sum)];
    }

    /// <summary>N.</summary>
    public int Tokens => shares.Length;

    /// <summary>0 when all slots matter alike, towards 1 when one matters alone.</summary>
    public double Gini { get; }

    /// <summary>P(o), for o from 0 to N.</summary>
    public double Share(int kept) => kept <= 0 ? 0 : shares[Math.Min(kept, shares.Length) - 1];

    /// <summary>What the o-th most important slot adds, for o from 1 to N.</summary>
    public double Part(int place) => parts[place - 1];

    /// <summary>The fewest slots that hold a share of at least p.</summary>
    public int Needed(double share)
    {
        int low = 0, high = shares.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (shares[middle] >= share) high = middle;
            else low = middle + 1;
        }
        return low + 1;
    }

    /// <summary>(2 Σ k s_(k)) / (N Σ s) - (N + 1) / N with the scores ascending.</summary>
    private static double GiniOf(double[] descending)
    {
        double weighted = 0, sum = 0;
        int n = descending.Length;
        for (int i = 0; i < n; i++)
        {
            weighted += (n - i) * descending[i];
            sum += descending[i];
        }
        return 2 * weighted / (n * sum) - (n + 1.0) / n;
    }
}

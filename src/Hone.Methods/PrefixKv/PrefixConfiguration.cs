using Hone.Core;

namespace Hone.Methods.PrefixKv;

/// <summary>How many slots each layer keeps.</summary>
/// <param name="Threshold">p: every layer holds at least this share of its importance, as far as the least number of slots allows.</param>
/// <param name="Kept">[L].</param>
/// <param name="LeftOver">Layers that got a slot more after the threshold was found, in order.</param>
public sealed record PrefixConfiguration(double Threshold, int[] Kept, IReadOnlyList<int> LeftOver)
{
    /// <summary>
    /// The global prefix configuration: the largest threshold whose prefixes fit the budget, found by binary search over the values the
    /// curves take; slots left over go one by one to the layer that holds the smallest share, the lower one among equals. No other
    /// configuration of the budget has a larger smallest share.
    /// Differs: the released code bisects a real number until it is off by fewer than five slots; this ends always and meets the budget.
    /// </summary>
    /// <param name="curves">One per layer.</param>
    /// <param name="budget">Slots over all layers; more than there are means all.</param>
    /// <param name="leastKept">Slots every layer keeps at least.</param>
    /// <exception cref="HoneException">The budget is below L · leastKept.</exception>
    public static PrefixConfiguration Search(IReadOnlyList<PriorityCurve> curves, long budget, int leastKept = 1)
    {
        Check(curves, budget, leastKept);
        budget = Math.Min(budget, curves.Sum(curve => (long)curve.Tokens));
        double[] values = Values(curves);
        int low = -1, high = values.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (Prefixes(curves, values[middle], leastKept).Sum(kept => (long)kept) <= budget) low = middle;
            else high = middle - 1;
        }
        double threshold = low < 0 ? 0 : values[low];
        int[] found = low < 0 ? [.. curves.Select(curve => Math.Min(leastKept, curve.Tokens))] : Prefixes(curves, threshold, leastKept);
        return new(threshold, found, HandOut(curves, found, budget));
    }

    /// <summary>The other extreme: the largest sum of shares, by ranking all normalised scores together.</summary>
    /// <inheritdoc cref="Search"/>
    public static int[] GlobalSum(IReadOnlyList<PriorityCurve> curves, long budget, int leastKept = 1)
    {
        Check(curves, budget, leastKept);
        int[] kept = [.. curves.Select(curve => Math.Min(leastKept, curve.Tokens))];
        PriorityQueue<int, (double Loss, int Layer)> next = new();
        for (int l = 0; l < kept.Length; l++) Offer(l);
        for (long left = budget - kept.Sum(k => (long)k); left > 0 && next.TryDequeue(out int layer, out _); left--)
        {
            kept[layer]++;
            Offer(layer);
        }
        return kept;

        void Offer(int l)
        {
            if (kept[l] < curves[l].Tokens) next.Enqueue(l, (-curves[l].Part(kept[l] + 1), l));
        }
    }

    private static void Check(IReadOnlyList<PriorityCurve> curves, long budget, int leastKept)
    {
        long least = curves.Sum(curve => (long)Math.Min(leastKept, curve.Tokens));
        if (budget < least) throw new HoneException($"a budget of {budget} slots is below the {least} that {curves.Count} layers keep at least. Keep more.");
    }

    private static int[] Prefixes(IReadOnlyList<PriorityCurve> curves, double threshold, int leastKept) =>
        [.. curves.Select(curve => Math.Min(curve.Tokens, Math.Max(leastKept, curve.Needed(threshold))))];

    private static double[] Values(IReadOnlyList<PriorityCurve> curves)
    {
        double[] values = [.. curves.SelectMany(curve => Enumerable.Range(1, curve.Tokens).Select(curve.Share)).Distinct()];
        Array.Sort(values);
        return values;
    }

    private static List<int> HandOut(IReadOnlyList<PriorityCurve> curves, int[] kept, long budget)
    {
        List<int> given = [];
        for (long left = budget - kept.Sum(k => (long)k); left > 0; left--)
        {
            int poorest = -1;
            for (int l = 0; l < kept.Length; l++)
                if (kept[l] < curves[l].Tokens && (poorest < 0 || curves[l].Share(kept[l]) < curves[poorest].Share(kept[poorest]))) poorest = l;
            if (poorest < 0) break;
            kept[poorest]++;
            given.Add(poorest);
        }
        return given;
    }
}

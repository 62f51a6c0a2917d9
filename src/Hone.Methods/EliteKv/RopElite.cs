namespace Hone.Methods.EliteKv;

/// <summary>A greedy order of chunks.</summary>
/// <param name="Order">[C] the chunk chosen in each step.</param>
/// <param name="Distances">[C] D after each step, summed over the heads that share the order.</param>
public sealed record ChunkOrder(int[] Order, double[] Distances);

/// <summary>
/// RoPElite, the greedy search for the chunks whose rotation matters most (EliteKV, arXiv:2503.01586), as residual pursuit: the residual
/// starts as Σ Δ_i and each step takes away the Δ_j that leaves the least. Heads that share a key head share the order, for the rotated
/// key is stored once.
/// </summary>
/// <remarks>
/// Differs: the released code starts from a rank file full of zeros, so its first elite chunk is arbitrary; here the first step looks at
/// all chunks. The released code serves only models with a key head for every query head.
/// </remarks>
public static class RopElite
{
    /// <summary>Orders all chunks; among equal ones the lower index comes first.</summary>
    /// <param name="heads">One or more query heads of one key head, over any pairs.</param>
    public static ChunkOrder Rank(params IReadOnlyList<ChunkScores> heads)
    {
        int chunks = heads[0].Chunks;
        double[][] rest = [.. heads.Select(head => new double[head.Pairs])];
        for (int h = 0; h < heads.Count; h++)
            for (int i = 0; i < chunks; i++) heads[h].AddTo(rest[h], i, 1);
        List<int> order = [];
        List<double> distances = [];
        while (order.Count < chunks)
        {
            (int best, double least) = (-1, double.PositiveInfinity);
            for (int j = 0; j < chunks; j++)
            {
                if (order.Contains(j)) continue;
                double distance = 0;
                for (int h = 0; h < heads.Count; h++) distance += heads[h].MeanAbsoluteWithout(rest[h], j);
                // Sums of millions of terms differ in the last digits for chunks that are equal: those are ties.
                if (best < 0 || distance < least - 1e-12 * Math.Abs(least)) (best, least) = (j, distance);
            }
            for (int h = 0; h < heads.Count; h++) heads[h].AddTo(rest[h], best, -1);
            order.Add(best);
            distances.Add(least);
        }
        return new([.. order], [.. distances]);
    }

    /// <summary>The best set of a size, by trying all: for small C, to see what greed costs.</summary>
    /// <param name="heads">Heads that share the set.</param>
    /// <param name="size">Chunks in the set.</param>
    /// <returns>The set, ascending, and its distance; among equal ones the first in lexical order.</returns>
    public static (int[] Set, double Distance) BestSet(IReadOnlyList<ChunkScores> heads, int size)
    {
        (int[] best, double least) = ([], double.PositiveInfinity);
        foreach (int[] set in Subsets(heads[0].Chunks, size))
        {
            double distance = heads.Sum(head => head.Distance(set));
            if (distance < least) (best, least) = (set, distance);
        }
        return (best, least);
    }

    private static IEnumerable<int[]> Subsets(int count, int size, int from = 0)
    {
        if (size == 0)
        {
            yield return [];
            yield break;
        }
        for (int first = from; first <= count - size; first++)
            foreach (int[] rest in Subsets(count, size - 1, first + 1)) yield return [first, .. rest];
    }
}

namespace Hone.Methods.Tokens;

/// <summary>The edit distance: fewest insertions, deletions and replacements. Levenshtein, Soviet Physics Doklady 10(8), 1966.</summary>
public static class Levenshtein
{
    /// <summary>Distance between two sequences in time |a| · |b| and memory |b|.</summary>
    public static int Distance<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b) where T : IEquatable<T>
    {
        // What both begin and end with costs nothing; edited texts share most of both.
        int head = a.CommonPrefixLength(b);
        a = a[head..];
        b = b[head..];
        while (a.Length > 0 && b.Length > 0 && a[^1].Equals(b[^1]))
        {
            a = a[..^1];
            b = b[..^1];
        }
        int[] row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1].Equals(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }

    /// <summary>
    /// Pairs of places with equal elements along one cheapest way from <paramref name="a"/> to <paramref name="b"/>, in order. Where
    /// several ways cost the same, the one that replaces rather than inserts and deletes is taken.
    /// </summary>
    public static IReadOnlyList<(int A, int B)> Matches<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b) where T : IEquatable<T>
    {
        int width = b.Length + 1;
        int[] cost = new int[checked((a.Length + 1) * width)];
        for (int i = 0; i <= a.Length; i++)
            for (int j = 0; j <= b.Length; j++)
                cost[i * width + j] = i == 0 ? j : j == 0 ? i : Math.Min(
                    cost[(i - 1) * width + j - 1] + (a[i - 1].Equals(b[j - 1]) ? 0 : 1), Math.Min(cost[(i - 1) * width + j], cost[i * width + j - 1]) + 1);
        List<(int, int)> matches = [];
        for (int i = a.Length, j = b.Length; i > 0 && j > 0;)
        {
            bool equal = a[i - 1].Equals(b[j - 1]);
            if (cost[i * width + j] == cost[(i - 1) * width + j - 1] + (equal ? 0 : 1))
            {
                if (equal) matches.Add((i - 1, j - 1));
                (i, j) = (i - 1, j - 1);
            }
            else if (cost[i * width + j] == cost[(i - 1) * width + j] + 1) i--;
            else j--;
        }
        matches.Reverse();
        return matches;
    }
}

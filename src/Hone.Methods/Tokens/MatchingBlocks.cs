namespace Hone.Methods.Tokens;

/// <summary>
/// Matching by longest common stretches, then to the left and right of each: Ratcliff and Metzener, "Pattern Matching: The Gestalt
/// Approach", 1988. Follows what people see as moved or changed rather than the fewest edits.
/// </summary>
public static class MatchingBlocks
{
    /// <summary>Pairs of places with equal elements, in order. Of equally long stretches the first in <paramref name="a"/>, then in <paramref name="b"/>, is taken.</summary>
    public static IReadOnlyList<(int A, int B)> Matches<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b) where T : IEquatable<T>
    {
        List<(int A, int B)> matches = [];
        Stack<(int A, int AEnd, int B, int BEnd)> open = new([(0, a.Length, 0, b.Length)]);
        while (open.TryPop(out (int A, int AEnd, int B, int BEnd) part))
        {
            (int atA, int atB, int length) = Longest(a[part.A..part.AEnd], b[part.B..part.BEnd]);
            if (length == 0) continue;
            (atA, atB) = (atA + part.A, atB + part.B);
            for (int k = 0; k < length; k++) matches.Add((atA + k, atB + k));
            open.Push((part.A, atA, part.B, atB));
            open.Push((atA + length, part.AEnd, atB + length, part.BEnd));
        }
        matches.Sort();
        return matches;
    }

    private static (int A, int B, int Length) Longest<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b) where T : IEquatable<T>
    {
        (int A, int B, int Length) best = (0, 0, 0);
        int[] run = new int[b.Length + 1]; // length of the common stretch that ends at (i, j)
        for (int i = 0; i < a.Length; i++)
            for (int j = b.Length - 1; j >= 0; j--)
            {
                run[j + 1] = a[i].Equals(b[j]) ? run[j] + 1 : 0;
                int length = run[j + 1];
                (int startA, int startB) = (i + 1 - length, j + 1 - length);
                if (length > best.Length || (length == best.Length && length > 0 && (startA, startB).CompareTo((best.A, best.B)) < 0)) best = (startA, startB, length);
            }
        return best;
    }
}

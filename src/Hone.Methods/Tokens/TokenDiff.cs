namespace Hone.Methods.Tokens;

/// <summary>How two token sequences are laid beside each other.</summary>
public enum DiffKind
{
    /// <summary>Fewest edits.</summary>
    Levenshtein,

    /// <summary>Longest common stretches first.</summary>
    Blocks,
}

/// <summary>Which tokens of two answers differ.</summary>
/// <param name="First">[tokens] true for replaced or inserted tokens of the first answer.</param>
/// <param name="Second">[tokens] true for replaced or deleted tokens of the second.</param>
public sealed record TokenDiff(bool[] First, bool[] Second)
{
    /// <summary>Lays two answers beside each other.</summary>
    /// <param name="first">Tokens, say of the better answer.</param>
    /// <param name="second">Tokens of the other.</param>
    /// <param name="kind">How.</param>
    /// <param name="ignored">Tokens that never count as different, such as stop words; null for none.</param>
    public static TokenDiff Of(ReadOnlySpan<int> first, ReadOnlySpan<int> second, DiffKind kind, IReadOnlySet<int>? ignored = null)
    {
        IReadOnlyList<(int A, int B)> matches = kind == DiffKind.Levenshtein ? Levenshtein.Matches(first, second) : MatchingBlocks.Matches(first, second);
        return new(Unmatched(first, matches.Select(m => m.A), ignored), Unmatched(second, matches.Select(m => m.B), ignored));
    }

    private static bool[] Unmatched(ReadOnlySpan<int> tokens, IEnumerable<int> matched, IReadOnlySet<int>? ignored)
    {
        bool[] differs = new bool[tokens.Length];
        Array.Fill(differs, true);
        foreach (int i in matched) differs[i] = false;
        for (int i = 0; i < tokens.Length; i++)
            if (ignored?.Contains(tokens[i]) == true) differs[i] = false;
        return differs;
    }
}

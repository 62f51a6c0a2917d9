namespace Hone.Inference.Caches;

/// <summary>Which numbers of a layer's keys (or values), written [K, tokens, D] one after the other, share a scale.</summary>
public enum FlatGrouping
{
    /// <summary>Consecutive numbers: channels of a token.</summary>
    Channels,

    /// <summary>The same channel of consecutive rows; a group may reach from one head into the next.</summary>
    Tokens,

    /// <summary>Numbers that lie as far apart as there are groups, across tokens and heads (HQQ's axis 0).</summary>
    Strided,
}

/// <summary>Places of the members of groups.</summary>
/// <param name="Grouping">How groups are formed.</param>
/// <param name="Size">Numbers in a group, g.</param>
/// <param name="Width">D.</param>
/// <param name="Count">Numbers in all.</param>
internal readonly record struct FlatGroups(FlatGrouping Grouping, int Size, int Width, int Count)
{
    public int Groups => Count / Size;

    /// <summary>Where the i-th member of a group lies.</summary>
    public int Place(int group, int i) => Grouping switch
    {
        FlatGrouping.Channels => group * Size + i,
        FlatGrouping.Tokens => (group / Width * Size + i) * Width + group % Width,
        _ => i * Groups + group,
    };

    /// <summary>Refuses numbers that do not make whole groups.</summary>
    /// <exception cref="HoneException">They do not.</exception>
    public void Check()
    {
        int whole = Grouping == FlatGrouping.Tokens ? Size * Width : Size;
        if (Count % whole != 0) throw new HoneException($"{Count} numbers of a layer do not make whole groups of {Size}. Use a group that divides the number of tokens times heads, or format=kivi.");
    }
}

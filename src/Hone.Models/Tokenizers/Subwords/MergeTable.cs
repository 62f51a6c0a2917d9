namespace Hone.Models.Tokenizers.Subwords;

/// <summary>Which two tokens merge, how early, and to what.</summary>
internal sealed class MergeTable(int expected)
{
    private readonly PairMap map = new(expected);

    public int Count => map.Count;

    /// <summary>A pair listed again takes the later rank, as in the reference.</summary>
    public void Add(int left, int right, int rank, int merged) => map.Set(PairMap.Key(left, right), PairMap.Key(rank, merged));

    /// <summary>The rank of a pair (0 is first) and what it becomes.</summary>
    public bool TryGet(int left, int right, out int rank, out int merged)
    {
        bool found = map.TryGet(PairMap.Key(left, right), out ulong value);
        (rank, merged) = ((int)(value >> 32), (int)(uint)value);
        return found;
    }
}

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>A prefix tree over UTF-16 units.</summary>
internal sealed class CharTrie(int expectedWords)
{
    public const int Root = 0;
    private readonly PairMap edges = new(4 * expectedWords);
    private readonly List<int> values = [-1];

    /// <summary>Adds a word; a later value replaces an earlier one.</summary>
    public void Add(string word, int value)
    {
        int node = Root;
        foreach (char c in word)
        {
            if (TryStep(ref node, c)) continue;
            edges.Set(PairMap.Key(node, c), (ulong)values.Count);
            node = values.Count;
            values.Add(-1);
        }
        values[node] = value;
    }

    /// <summary>Follows one unit from <paramref name="node"/>; false, with the node unchanged, when there is no such edge.</summary>
    public bool TryStep(ref int node, char c)
    {
        if (!edges.TryGet(PairMap.Key(node, c), out ulong child)) return false;
        node = (int)child;
        return true;
    }

    /// <summary>The value of the word that ends at a node, or -1.</summary>
    public int ValueAt(int node) => values[node];
}

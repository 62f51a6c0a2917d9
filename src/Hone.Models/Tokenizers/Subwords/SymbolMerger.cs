namespace Hone.Models.Tokenizers.Subwords;

/// <summary>
/// Byte pair merging (Sennrich et al. 2016, arXiv:1508.07909): the pair of lowest rank first, among equals the leftmost.
/// Short words scan for the best pair; long ones keep a heap, so that a megabyte without a break takes n log n.
/// Not thread-safe.
/// </summary>
internal sealed class SymbolMerger
{
    /// <summary>Below this many symbols scanning is faster than a heap.</summary>
    private const int ShortWord = 48;

    private readonly PriorityQueue<(int Position, int Merged), long> queue = new();
    private int[] ranks = new int[ShortWord];
    private int[] results = new int[ShortWord];
    private int[] next = [];
    private int[] previous = [];

    /// <summary>Symbol ids; valid up to <see cref="Count"/>.</summary>
    public int[] Ids { get; private set; } = new int[ShortWord];

    /// <summary>Length of each symbol in bytes of the piece.</summary>
    public int[] Lengths { get; private set; } = new int[ShortWord];

    public int Count { get; private set; }

    public void Clear() => Count = 0;

    public void Add(int id, int length)
    {
        if (Count == Ids.Length)
        {
            int capacity = 2 * Count;
            int[] ids = Ids, lengths = Lengths;
            Array.Resize(ref ids, capacity);
            Array.Resize(ref lengths, capacity);
            (Ids, Lengths) = (ids, lengths);
        }
        (Ids[Count], Lengths[Count]) = (id, length);
        Count++;
    }

    /// <summary>Merges until no pair of neighbours is in the table.</summary>
    public void Merge(MergeTable table)
    {
        if (Count < 2 || table.Count == 0) return;
        if (Count <= ShortWord) MergeByScanning(table);
        else MergeByHeap(table);
    }

    private void MergeByScanning(MergeTable table)
    {
        for (int i = 0; i + 1 < Count; i++) Rank(table, i);
        while (Count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < Count; i++)
                if (ranks[i] < ranks[best]) best = i;
            if (ranks[best] == int.MaxValue) return;
            Ids[best] = results[best];
            Lengths[best] += Lengths[best + 1];
            Remove(best + 1);
            if (best + 1 < Count) Rank(table, best);
            if (best > 0) Rank(table, best - 1);
        }
    }

    private void Rank(MergeTable table, int i)
    {
        if (!table.TryGet(Ids[i], Ids[i + 1], out ranks[i], out results[i])) ranks[i] = int.MaxValue;
    }

    private void Remove(int index)
    {
        int rest = Count - index - 1;
        Array.Copy(Ids, index + 1, Ids, index, rest);
        Array.Copy(Lengths, index + 1, Lengths, index, rest);
        Array.Copy(ranks, index + 1, ranks, index, rest);
        Array.Copy(results, index + 1, results, index, rest);
        Count--;
    }

    private void MergeByHeap(MergeTable table)
    {
        if (next.Length < Count) (next, previous) = (new int[Ids.Length], new int[Ids.Length]);
        for (int i = 0; i < Count; i++) (next[i], previous[i]) = (i + 1 < Count ? i + 1 : -1, i - 1);
        queue.Clear();
        for (int i = 0; i + 1 < Count; i++) Enqueue(table, i, i + 1);
        while (queue.TryDequeue(out (int Position, int Merged) top, out _))
        {
            int left = top.Position, right = Lengths[left] < 0 ? -1 : next[left];
            if (right < 0 || !table.TryGet(Ids[left], Ids[right], out _, out int merged) || merged != top.Merged) continue;
            Ids[left] = merged;
            Lengths[left] += Lengths[right];
            next[left] = next[right];
            Lengths[right] = -1;
            if (next[left] >= 0) previous[next[left]] = left;
            if (previous[left] >= 0) Enqueue(table, previous[left], left);
            if (next[left] >= 0) Enqueue(table, left, next[left]);
        }
        Compact();
    }

    private void Enqueue(MergeTable table, int left, int right)
    {
        if (table.TryGet(Ids[left], Ids[right], out int rank, out int merged))
            queue.Enqueue((left, merged), ((long)rank << 32) | (uint)left);
    }

    private void Compact()
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (Lengths[i] < 0) continue;
            (Ids[kept], Lengths[kept]) = (Ids[i], Lengths[i]);
            kept++;
        }
        Count = kept;
    }
}

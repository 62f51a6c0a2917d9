namespace Hone.Inference.Caches;

/// <summary>Positions of the tokens in the slots of each head; one list as long as all heads hold the same.</summary>
internal sealed class SlotPositions
{
    private readonly List<int>[] heads;

    public SlotPositions(int kvHeads)
    {
        List<int> shared = [];
        heads = [.. Enumerable.Repeat(shared, kvHeads)];
    }

    private SlotPositions(SlotPositions origin)
    {
        Dictionary<List<int>, List<int>> copies = [];
        heads = [.. origin.heads.Select(list => copies.TryGetValue(list, out List<int>? copy) ? copy : copies[list] = [.. list])];
    }

    public long Bytes => heads.Distinct().Sum(list => (long)list.Capacity * sizeof(int));

    public ReadOnlySpan<int> this[int head] => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(heads[head]);

    public void Append(int first, int count)
    {
        foreach (List<int> list in heads.Distinct())
            for (int i = 0; i < count; i++) list.Add(first + i);
    }

    /// <summary>Keeps some slots of every head.</summary>
    /// <param name="slots">[K][kept].</param>
    public void Keep(int[][] slots)
    {
        bool shared = heads.Distinct().Count() == 1 && slots.All(s => s.AsSpan().SequenceEqual(slots[0]));
        List<int>[] kept = [.. slots.Take(shared ? 1 : slots.Length).Select((s, head) => s.Select(slot => heads[head][slot]).ToList())];
        for (int head = 0; head < heads.Length; head++) heads[head] = kept[shared ? 0 : head];
    }

    /// <summary>Numbers the slots of every head anew, from 0.</summary>
    public void Renumber()
    {
        foreach (List<int> list in heads.Distinct())
            for (int i = 0; i < list.Count; i++) list[i] = i;
    }

    public void Clear()
    {
        foreach (List<int> list in heads) list.Clear();
    }

    public SlotPositions Fork() => new(this);
}

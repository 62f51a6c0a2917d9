namespace Hone.Tensors.Memory;

/// <summary>A stretch of memory on 2 MiB pages, given out in pieces; first fit, neighbouring free pieces grow together. Not thread-safe.</summary>
internal sealed unsafe class PageRegion(byte* start, nint bytes)
{
    private readonly List<(nint Start, nint Length)> free = [(0, bytes)]; // by address

    /// <summary>First byte.</summary>
    public byte* Start => start;

    /// <summary>Whether nothing is given out.</summary>
    public bool IsEmpty => free.Count == 1 && free[0].Length == bytes;

    /// <summary>Whether a piece lies here.</summary>
    public bool Holds(void* piece) => piece >= start && piece < start + bytes;

    /// <summary>A piece, or null where no free one is long enough.</summary>
    public byte* Take(nint length)
    {
        for (int i = 0; i < free.Count; i++)
        {
            (nint offset, nint available) = free[i];
            if (available < length) continue;
            if (available == length) free.RemoveAt(i);
            else free[i] = (offset + length, available - length);
            return start + offset;
        }
        return null;
    }

    /// <summary>Takes back what <see cref="Take"/> gave.</summary>
    public void Return(void* piece, nint length)
    {
        nint offset = (nint)((byte*)piece - start);
        int next = 0;
        while (next < free.Count && free[next].Start < offset) next++;
        if (next < free.Count && free[next].Start == offset + length)
        {
            length += free[next].Length;
            free.RemoveAt(next);
        }
        if (next > 0 && free[next - 1].Start + free[next - 1].Length == offset) free[next - 1] = (free[next - 1].Start, free[next - 1].Length + length);
        else free.Insert(next, (offset, length));
    }
}

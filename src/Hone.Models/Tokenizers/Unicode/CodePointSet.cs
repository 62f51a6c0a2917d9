namespace Hone.Models.Tokenizers.Unicode;

/// <summary>A set of code points: sorted ranges, with one bit per code point of the first 64 Ki for speed.</summary>
internal sealed class CodePointSet
{
    private readonly int[] starts;
    private readonly int[] ends;
    private readonly ulong[] low = new ulong[0x10000 / 64];

    private CodePointSet(int[] starts, int[] ends)
    {
        (this.starts, this.ends) = (starts, ends);
        for (int i = 0; i < starts.Length; i++)
            for (int c = starts[i]; c <= Math.Min(ends[i], 0xFFFF); c++) low[c >> 6] |= 1UL << (c & 63);
    }

    /// <summary>Reads ranges such as <c>9-D 20 85</c>: hexadecimal, ends included, ascending.</summary>
    public static CodePointSet Parse(string ranges)
    {
        string[] parts = ranges.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int[] starts = new int[parts.Length], ends = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            int dash = parts[i].IndexOf('-', StringComparison.Ordinal);
            starts[i] = Convert.ToInt32(dash < 0 ? parts[i] : parts[i][..dash], 16);
            ends[i] = dash < 0 ? starts[i] : Convert.ToInt32(parts[i][(dash + 1)..], 16);
        }
        return new(starts, ends);
    }

    public bool Contains(int codePoint)
    {
        if ((uint)codePoint < 0x10000) return (low[codePoint >> 6] >> (codePoint & 63) & 1) != 0;
        int at = Array.BinarySearch(starts, codePoint);
        if (at >= 0) return true;
        at = ~at - 1;
        return at >= 0 && codePoint <= ends[at];
    }
}

namespace Hone.Models.Formats;

/// <summary>
/// Rotary position embedding turns pairs of a head's channels. Hugging Face pairs channel i with i + d/2 (halves); GGUF files of
/// the llama architecture and llama2.c store q and k rows so that pairs are adjacent, (2i, 2i + 1). These functions translate the row
/// order of a q or k projection (or bias) between the two; the value and output projections are the same in both.
/// </summary>
public static class RotaryOrder
{
    /// <summary>Where row <paramref name="row"/> of the half-split order is found in the adjacent order.</summary>
    /// <param name="row">Row of the projection, counted over all heads.</param>
    /// <param name="headDim">Rows per head, even.</param>
    public static long AdjacentRow(long row, int headDim)
    {
        (long head, long inHead) = Math.DivRem(row, headDim);
        (long half, long pair) = Math.DivRem(inHead, headDim / 2);
        return head * headDim + 2 * pair + half;
    }

    /// <summary>Where row <paramref name="row"/> of the adjacent order is found in the half-split order.</summary>
    public static long HalfSplitRow(long row, int headDim)
    {
        (long head, long inHead) = Math.DivRem(row, headDim);
        return head * headDim + inHead / 2 + inHead % 2 * (headDim / 2);
    }

    /// <summary>Reads rows of a q or k projection stored in adjacent order as the half-split order has them.</summary>
    /// <param name="file">A GGUF file of the llama architecture, or a llama2.c file.</param>
    /// <param name="name">Tensor [heads × headDim, columns].</param>
    /// <param name="headDim">Rows per head, even.</param>
    /// <param name="firstRow">First row, in the half-split order.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="target">[rows × columns] values.</param>
    public static void ReadAsHalfSplit(IWeightFile file, string name, int headDim, long firstRow, long rows, Span<float> target) =>
        Read(file, name, firstRow, rows, target, row => AdjacentRow(row, headDim));

    /// <summary>Reads rows of a q or k projection stored in half-split order as the adjacent order has them.</summary>
    public static void ReadAsAdjacent(IWeightFile file, string name, int headDim, long firstRow, long rows, Span<float> target) =>
        Read(file, name, firstRow, rows, target, row => HalfSplitRow(row, headDim));

    private static void Read(IWeightFile file, string name, long firstRow, long rows, Span<float> target, Func<long, long> rowOf)
    {
        if (rows == 0) return;
        if (file.Entries.TryGetValue(name, out WeightEntry? entry) && entry.Shape.Count == 1)
        {
            ReadBias(file, entry, firstRow, target, rowOf);
            return;
        }
        int columns = (int)(target.Length / rows);
        for (long i = 0; i < rows; i++) file.ReadRows(name, rowOf(firstRow + i), 1, target.Slice((int)(i * columns), columns));
    }

    /// <summary>A bias has one value per row.</summary>
    private static void ReadBias(IWeightFile file, WeightEntry entry, long firstRow, Span<float> target, Func<long, long> rowOf)
    {
        float[] all = new float[entry.Count];
        file.ReadRows(entry.Name, 0, 1, all);
        for (int i = 0; i < target.Length; i++) target[i] = all[rowOf(firstRow + i)];
    }
}

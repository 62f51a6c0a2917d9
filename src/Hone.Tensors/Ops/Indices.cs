namespace Hone.Tensors.Ops;

/// <summary>Integers that an operation keeps for the way back, in the tape's pooled memory rather than on the GC heap.</summary>
internal static unsafe class Indices
{
    /// <summary>A copy that lives until the tape is reset.</summary>
    public static int* CopyIndices(this Tape tape, ReadOnlySpan<int> values)
    {
        int* copy = (int*)tape.New(values.Length).Pointer;
        values.CopyTo(new Span<int>(copy, values.Length));
        return copy;
    }

    /// <summary>Throws unless every index is in [0, <paramref name="limit"/>).</summary>
    public static void Check(ReadOnlySpan<int> values, int limit, string operation)
    {
        for (int i = 0; i < values.Length; i++)
            if ((uint)values[i] >= (uint)limit)
                throw new ArgumentOutOfRangeException(nameof(values), $"{operation}: index {values[i]} at {i} is outside 0..{limit - 1}");
    }
}

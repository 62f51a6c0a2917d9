namespace Hone.Inference.Constrained;

/// <summary>Ranges of code points as sequences of byte ranges, so that half a character is a state like any other.</summary>
internal static class Utf8Ranges
{
    private static readonly int[] LastOfLength = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF];

    /// <summary>
    /// Sequences of byte ranges whose products are exactly the UTF-8 forms of [low, high], a range without surrogates.
    /// </summary>
    public static IEnumerable<(byte Low, byte High)[]> Of(int low, int high)
    {
        foreach (int last in LastOfLength)
        {
            if (low > last) continue;
            foreach ((byte, byte)[] sequence in OfOneLength(low, Math.Min(high, last))) yield return sequence;
            low = last + 1;
            if (low > high) yield break;
        }
    }

    private static IEnumerable<(byte, byte)[]> OfOneLength(int low, int high)
    {
        byte[] first = Encode(low), last = Encode(high);
        // Where the ends differ before the last byte, cut so that the bytes after the difference span their full range.
        for (int tail = 1; tail < first.Length; tail++)
        {
            int mask = (1 << (6 * tail)) - 1;
            if ((low & ~mask) == (high & ~mask)) continue;
            if ((low & mask) != 0) return OfOneLength(low, low | mask).Concat(OfOneLength((low | mask) + 1, high));
            if ((high & mask) != mask) return OfOneLength(low, (high & ~mask) - 1).Concat(OfOneLength(high & ~mask, high));
        }
        return [[.. first.Zip(last)]];
    }

    private static byte[] Encode(int codePoint) => codePoint switch
    {
        <= 0x7F => [(byte)codePoint],
        <= 0x7FF => [(byte)(0xC0 | codePoint >> 6), Tail(codePoint)],
        <= 0xFFFF => [(byte)(0xE0 | codePoint >> 12), Tail(codePoint >> 6), Tail(codePoint)],
        _ => [(byte)(0xF0 | codePoint >> 18), Tail(codePoint >> 12), Tail(codePoint >> 6), Tail(codePoint)],
    };

    private static byte Tail(int bits) => (byte)(0x80 | bits & 0x3F);
}

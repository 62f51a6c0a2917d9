namespace Hone.Tensors.Kernels.Cache;

/// <summary>Codes of a few bits one after the other, the first in the lowest bits.</summary>
public static class CodePacking
{
    /// <summary>Bytes for a number of codes.</summary>
    public static int Bytes(int codes, int bits) => (codes * bits + 7) / 8;

    /// <summary>Packs codes.</summary>
    /// <param name="codes">Each below 2^bits.</param>
    /// <param name="bits">1 to 8.</param>
    /// <param name="packed"><see cref="Bytes"/> bytes.</param>
    public static void Pack(ReadOnlySpan<byte> codes, int bits, Span<byte> packed)
    {
        packed[..Bytes(codes.Length, bits)].Clear();
        for (int i = 0; i < codes.Length; i++)
        {
            int bit = i * bits, value = codes[i] << (bit & 7);
            packed[bit >> 3] |= (byte)value;
            if (value > 0xFF) packed[(bit >> 3) + 1] |= (byte)(value >> 8);
        }
    }

    /// <summary>The way back.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, int bits, Span<byte> codes)
    {
        int mask = (1 << bits) - 1;
        for (int i = 0; i < codes.Length; i++)
        {
            int bit = i * bits, at = bit >> 3, word = packed[at] | (at + 1 < packed.Length ? packed[at + 1] << 8 : 0);
            codes[i] = (byte)((word >> (bit & 7)) & mask);
        }
    }
}

using System.Buffers.Binary;
using static Hone.Models.Formats.Blocks.BlockBits;

namespace Hone.Models.Formats.Blocks;

/// <summary>4-bit codes that stand for unevenly spaced values: dense around zero, where weights are dense.</summary>
internal static class Iq4Blocks
{
    /// <summary>What the 16 codes stand for; part of the format.</summary>
    internal static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>32 weights: d, 16 bytes of codes.</summary>
    public static void ReadIQ4_NL(ReadOnlySpan<byte> block, Span<float> y) => Expand(Half(block), block.Slice(2, 16), y);

    /// <summary>256 weights in sub-blocks of 32: d, upper bits of the scales, 4 bytes of their low nibbles, 128 bytes of codes.</summary>
    public static void ReadIQ4_XS(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        int high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (int sub = 0; sub < 8; sub++)
        {
            int scale = ((block[4 + sub / 2] >> (sub % 2 * 4)) & 15) | ((high >> (2 * sub)) & 3) << 4;
            Expand(d * (scale - 32), block.Slice(8 + sub * 16, 16), y.Slice(sub * 32, 32));
        }
    }

    private static void Expand(float d, ReadOnlySpan<byte> codes, Span<float> y)
    {
        for (int i = 0; i < 16; i++)
        {
            y[i] = d * Values[codes[i] & 15];
            y[i + 16] = d * Values[codes[i] >> 4];
        }
    }
}

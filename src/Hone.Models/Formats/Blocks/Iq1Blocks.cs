using System.Buffers.Binary;
using static Hone.Models.Formats.Blocks.BlockBits;

namespace Hone.Models.Formats.Blocks;

/// <summary>IQ1: 256 weights; 8 neighbours are one of 2048 points with coordinates -1, 0, 1, all moved by an eighth up or down.</summary>
internal static class Iq1Blocks
{
    private const float Shift = 0.125f;

    /// <summary>d, 32 bytes of points, then for each 32 weights a word: four times 3 upper point bits, 3 bits of scale, sign of the shift.</summary>
    public static void ReadIQ1_S(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        for (int i = 0; i < 32; i++)
        {
            int word = BinaryPrimitives.ReadUInt16LittleEndian(block[(34 + i / 4 * 2)..]);
            float scale = d * (2 * ((word >> 12) & 7) + 1);
            int point = block[2 + i] | ((word >> (i % 4 * 3)) & 7) << 8;
            Put(point, scale, (word & 0x8000) != 0, y.Slice(i * 8, 8));
        }
    }

    /// <summary>
    /// 32 bytes of points, 32 nibbles of 3 upper point bits and the sign of the shift, four words of four 3-bit scales. d is
    /// spread over the upper 4 bits of those words.
    /// </summary>
    public static void ReadIQ1_M(ReadOnlySpan<byte> block, Span<float> y)
    {
        ReadOnlySpan<byte> words = block.Slice(48, 8);
        int bits = 0;
        for (int i = 0; i < 4; i++) bits |= BinaryPrimitives.ReadUInt16LittleEndian(words[(i * 2)..]) >> 12 << (4 * i);
        float d = PlainFormats.HalfToSingle((ushort)bits);
        for (int i = 0; i < 32; i++)
        {
            int word = BinaryPrimitives.ReadUInt16LittleEndian(words[(i / 8 * 2)..]), nibble = block[32 + i / 2] >> (i % 2 * 4);
            float scale = d * (2 * ((word >> (i / 2 % 4 * 3)) & 7) + 1);
            Put(block[i] | (nibble & 7) << 8, scale, (nibble & 8) != 0, y.Slice(i * 8, 8));
        }
    }

    private static void Put(int point, float scale, bool down, Span<float> y)
    {
        ReadOnlySpan<byte> levels = IqCodebooks.Iq1.AsSpan(point * 8, 8);
        for (int i = 0; i < 8; i++) y[i] = scale * (levels[i] - 1 + (down ? -Shift : Shift));
    }
}

using System.Buffers.Binary;
using System.Numerics;
using static Hone.Models.Formats.Blocks.BlockBits;

namespace Hone.Models.Formats.Blocks;

/// <summary>
/// IQ2 and IQ3: 256 weights; magnitudes of 8 (IQ2) or 4 (IQ3) neighbours are one point of a codebook, signs are stored apart. The
/// smaller kinds store 7 of 8 signs: the eighth makes the number of negative ones even.
/// </summary>
internal static class Iq23Blocks
{
    /// <summary>d, then for each 32 weights: four 8-bit points, and four 7-bit signs below a 4-bit scale.</summary>
    public static void ReadIQ2_XXS(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        for (int sub = 0; sub < 8; sub++)
        {
            ReadOnlySpan<byte> points = block.Slice(2 + sub * 8, 4);
            uint signs = BinaryPrimitives.ReadUInt32LittleEndian(block[(6 + sub * 8)..]);
            float scale = d * (0.5f + (signs >> 28)) * 0.25f;
            for (int i = 0; i < 4; i++)
                Put(IqCodebooks.Iq2Xxs.AsSpan(points[i] * 8, 8), SevenSigns(signs >> (7 * i)), scale, y.Slice(sub * 32 + i * 8, 8));
        }
    }

    /// <summary>d, 32 words of 9-bit point and 7-bit signs, 16 nibbles of scales.</summary>
    public static void ReadIQ2_XS(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        for (int i = 0; i < 32; i++)
        {
            int word = BinaryPrimitives.ReadUInt16LittleEndian(block[(2 + i * 2)..]);
            float scale = d * (0.5f + Nibble(block[66..], i / 2)) * 0.25f;
            Put(IqCodebooks.Iq2Xs.AsSpan((word & 511) * 8, 8), SevenSigns((uint)word >> 9), scale, y.Slice(i * 8, 8));
        }
    }

    /// <summary>d, 32 bytes of points, 32 bytes of signs, 8 bytes of upper point bits, 16 nibbles of scales.</summary>
    public static void ReadIQ2_S(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        for (int i = 0; i < 32; i++)
        {
            int point = block[2 + i] | ((block[66 + i / 4] >> (i % 4 * 2)) & 3) << 8;
            float scale = d * (0.5f + Nibble(block[74..], i / 2)) * 0.25f;
            Put(IqCodebooks.Iq2S.AsSpan(point * 8, 8), block[34 + i], scale, y.Slice(i * 8, 8));
        }
    }

    /// <summary>d, 64 bytes of points, then for each 32 weights four 7-bit signs below a 4-bit scale.</summary>
    public static void ReadIQ3_XXS(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        for (int i = 0; i < 64; i++)
        {
            uint signs = BinaryPrimitives.ReadUInt32LittleEndian(block[(66 + i / 8 * 4)..]);
            float scale = d * (0.5f + (signs >> 28)) * 0.5f;
            int eight = SevenSigns(signs >> (7 * (i / 2 % 4)));
            Put(IqCodebooks.Iq3Xxs.AsSpan(block[2 + i] * 4, 4), eight >> (i % 2 * 4), scale, y.Slice(i * 4, 4));
        }
    }

    /// <summary>d, 64 bytes of points, 8 bytes of their ninth bits, 32 bytes of signs, 8 nibbles of scales.</summary>
    public static void ReadIQ3_S(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        for (int i = 0; i < 64; i++)
        {
            int point = block[2 + i] | ((block[66 + i / 8] >> (i % 8)) & 1) << 8;
            float scale = d * (1 + 2 * Nibble(block[106..], i / 8));
            Put(IqCodebooks.Iq3S.AsSpan(point * 4, 4), block[74 + i / 2] >> (i % 2 * 4), scale, y.Slice(i * 4, 4));
        }
    }

    private static void Put(ReadOnlySpan<byte> magnitudes, int signs, float scale, Span<float> y)
    {
        for (int i = 0; i < y.Length; i++)
        {
            float value = scale * magnitudes[i];
            y[i] = ((signs >> i) & 1) == 0 ? value : -value;
        }
    }

    private static int SevenSigns(uint bits)
    {
        uint seven = bits & 127;
        return (int)(seven | (uint)(BitOperations.PopCount(seven) & 1) << 7);
    }

    private static int Nibble(ReadOnlySpan<byte> packed, int i) => (packed[i / 2] >> (i % 2 * 4)) & 15;
}

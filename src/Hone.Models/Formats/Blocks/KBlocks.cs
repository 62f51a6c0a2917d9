using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static Hone.Models.Formats.Blocks.BlockBits;

namespace Hone.Models.Formats.Blocks;

/// <summary>
/// The K formats: 256 weights in sub-blocks of 16 or 32, whose scales (and minima) are small integers times one
/// half-precision scale of the whole block.
/// </summary>
internal static class KBlocks
{
    /// <summary>2-bit codes; 16 bytes of (minimum, scale) nibbles, 64 bytes of codes, d, dmin.</summary>
    public static void ReadQ2_K(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block, 80), dmin = Half(block, 82);
        for (int sub = 0; sub < 16; sub++)
        {
            float scale = d * (block[sub] & 15), min = dmin * (block[sub] >> 4);
            ReadOnlySpan<byte> codes = block.Slice(16 + sub / 8 * 32 + sub % 2 * 16, 16);
            int shift = sub / 2 % 4 * 2;
            for (int i = 0; i < 16; i++) y[sub * 16 + i] = scale * ((codes[i] >> shift) & 3) - min;
        }
    }

    /// <summary>3-bit codes from -4; 32 bytes of inverted third bits, 64 bytes of low bits, 12 bytes of signed 6-bit scales, d.</summary>
    public static void ReadQ3_K(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block, 108);
        ReadOnlySpan<byte> scales = block.Slice(96, 12);
        for (int sub = 0; sub < 16; sub++)
        {
            int low = (scales[sub % 8] >> (sub / 8 * 4)) & 15, high = (scales[8 + sub % 4] >> (sub / 4 * 2)) & 3;
            float scale = d * ((low | (high << 4)) - 32);
            ReadOnlySpan<byte> codes = block.Slice(32 + sub / 8 * 32 + sub % 2 * 16, 16), third = block.Slice(sub % 2 * 16, 16);
            int shift = sub / 2 % 4 * 2, bit = sub / 2;
            for (int i = 0; i < 16; i++) y[sub * 16 + i] = scale * (((codes[i] >> shift) & 3) - (((third[i] >> bit) & 1) == 0 ? 4 : 0));
        }
    }

    /// <summary>4-bit codes; d, dmin, 12 bytes of 6-bit (scale, minimum) pairs, 128 bytes of codes.</summary>
    public static void ReadQ4_K(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block), dmin = Half(block, 2);
        for (int sub = 0; sub < 8; sub++)
        {
            (int s, int m) = ScaleAndMin(block.Slice(4, 12), sub);
            float scale = d * s, min = dmin * m;
            for (int i = 0; i < 32; i += 16)
            {
                Vector128<byte> codes = Vector128.Create(block.Slice(16 + sub / 2 * 32 + i, 16)) >> (sub % 2 * 4);
                Affine(codes & Vector128.Create((byte)15), scale, -min, y.Slice(sub * 32 + i, 16));
            }
        }
    }

    /// <summary>5-bit codes; as Q4_K with 32 bytes of fifth bits in front of the codes.</summary>
    public static void ReadQ5_K(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block), dmin = Half(block, 2);
        ReadOnlySpan<byte> fifth = block.Slice(16, 32);
        for (int sub = 0; sub < 8; sub++)
        {
            (int s, int m) = ScaleAndMin(block.Slice(4, 12), sub);
            float scale = d * s, min = dmin * m;
            ReadOnlySpan<byte> codes = block.Slice(48 + sub / 2 * 32, 32);
            int shift = sub % 2 * 4;
            for (int i = 0; i < 32; i++) y[sub * 32 + i] = scale * (((codes[i] >> shift) & 15) | ((fifth[i] >> sub) & 1) << 4) - min;
        }
    }

    /// <summary>6-bit codes from -32; 128 bytes of low nibbles, 64 bytes of upper bits, 16 signed scales, d.</summary>
    public static void ReadQ6_K(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block, 208);
        ReadOnlySpan<sbyte> scales = MemoryMarshal.Cast<byte, sbyte>(block.Slice(192, 16));
        for (int group = 0; group < 8; group++) // 32 weights with the same shifts
        {
            ReadOnlySpan<byte> low = block.Slice(group / 4 * 64 + group % 2 * 32, 32), high = block.Slice(128 + group / 4 * 32, 32);
            int lowShift = group / 2 % 2 * 4, highShift = group % 4 * 2;
            for (int i = 0; i < 32; i += 16)
            {
                Vector128<byte> codes = ((Vector128.Create(low.Slice(i, 16)) >> lowShift) & Vector128.Create((byte)15))
                    | (((Vector128.Create(high.Slice(i, 16)) >> highShift) & Vector128.Create((byte)3)) << 4);
                Scaled(codes, 32, d * scales[group * 2 + i / 16], y.Slice(group * 32 + i, 16));
            }
        }
    }

    /// <summary>8-bit codes with a single-precision scale (used for activations only); sums of 16 follow the codes.</summary>
    public static void ReadQ8_K(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = BinaryPrimitives.ReadSingleLittleEndian(block);
        ReadOnlySpan<sbyte> codes = MemoryMarshal.Cast<byte, sbyte>(block.Slice(4, 256));
        for (int i = 0; i < 256; i++) y[i] = d * codes[i];
    }

    /// <summary>
    /// 8 scales and 8 minima of 6 bits in 12 bytes: bytes 0-3 and 4-7 hold the first four of each in their low 6 bits; bytes
    /// 8-11 hold the low nibbles of the last four, whose upper 2 bits are the top bits of bytes 0-7.
    /// </summary>
    internal static (int Scale, int Min) ScaleAndMin(ReadOnlySpan<byte> packed, int sub) => sub < 4
        ? (packed[sub] & 63, packed[sub + 4] & 63)
        : ((packed[sub + 4] & 15) | (packed[sub - 4] >> 6) << 4, (packed[sub + 4] >> 4) | (packed[sub] >> 6) << 4);
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static Hone.Models.Formats.Blocks.BlockBits;

namespace Hone.Models.Formats.Blocks;

/// <summary>
/// The first generation of GGML formats: 32 weights, one half-precision scale d, and for the _1 kinds a half-precision
/// minimum m. x = d·(q - offset) or x = d·q + m. Codes of weights i and i + 16 share a byte, weight i in the low bits; fifth bits
/// are collected in a 32-bit word. Codes are computed with the unrounded scale, which is rounded to half precision last.
/// </summary>
internal static class LegacyBlocks
{
    public static void ReadQ8_0(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        Vector128<byte> flip = Vector128.Create((byte)0x80); // signed codes counted from -128
        Scaled(Vector128.Create(block.Slice(2, 16)) ^ flip, 128, d, y);
        Scaled(Vector128.Create(block.Slice(18, 16)) ^ flip, 128, d, y[16..]);
    }

    /// <summary>Like Q8_0, with the sum of the block behind the scale (used for activations only).</summary>
    public static void ReadQ8_1(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        ReadOnlySpan<sbyte> codes = MemoryMarshal.Cast<byte, sbyte>(block[4..]);
        for (int i = 0; i < 32; i++) y[i] = codes[i] * d;
    }

    public static void ReadQ4_0(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        Vector128<byte> codes = Vector128.Create(block.Slice(2, 16));
        Scaled(codes & Vector128.Create((byte)15), 8, d, y);
        Scaled(codes >> 4, 8, d, y[16..]);
    }

    public static void ReadQ4_1(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block), m = Half(block, 2);
        Vector128<byte> codes = Vector128.Create(block.Slice(4, 16));
        Affine(codes & Vector128.Create((byte)15), d, m, y);
        Affine(codes >> 4, d, m, y[16..]);
    }

    public static void ReadQ5_0(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block);
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        ReadOnlySpan<byte> codes = block.Slice(6, 16);
        for (int i = 0; i < 16; i++)
        {
            y[i] = (Low(codes[i], fifth, i) - 16) * d;
            y[i + 16] = (High(codes[i], fifth, i) - 16) * d;
        }
    }

    public static void ReadQ5_1(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block), m = Half(block, 2);
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        ReadOnlySpan<byte> codes = block.Slice(8, 16);
        for (int i = 0; i < 16; i++)
        {
            y[i] = Low(codes[i], fifth, i) * d + m;
            y[i + 16] = High(codes[i], fifth, i) * d + m;
        }
    }

    public static void WriteQ8_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        float d = Peak(x) / 127, inverse = Inverse(d);
        PutHalf(block, 0, d);
        for (int i = 0; i < 32; i++) block[2 + i] = (byte)(sbyte)Round(x[i] * inverse);
    }

    public static void WriteQ4_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[32];
        PutHalf(block, 0, SignedCodes(x, 8, codes));
        Pack(codes, block[2..]);
    }

    public static void WriteQ5_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[32];
        PutHalf(block, 0, SignedCodes(x, 16, codes));
        BinaryPrimitives.WriteUInt32LittleEndian(block[2..], FifthBits(codes));
        Pack(codes, block[6..]);
    }

    public static void WriteQ4_1(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[32];
        (float d, float m) = AffineCodes(x, 15, codes);
        PutHalf(block, 0, d);
        PutHalf(block, 2, m);
        Pack(codes, block[4..]);
    }

    public static void WriteQ5_1(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[32];
        (float d, float m) = AffineCodes(x, 31, codes);
        PutHalf(block, 0, d);
        PutHalf(block, 2, m);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], FifthBits(codes));
        Pack(codes, block[8..]);
    }

    /// <summary>Codes 0 to 2·offset - 1 around the offset; the value of largest magnitude gets code 0, the exact end of the range.</summary>
    private static float SignedCodes(ReadOnlySpan<float> x, int offset, Span<byte> codes)
    {
        float d = SignedPeak(x) / -offset, inverse = Inverse(d);
        for (int i = 0; i < 32; i++) codes[i] = (byte)Math.Min(2 * offset - 1, (int)(x[i] * inverse + (offset + 0.5f)));
        return d;
    }

    private static (float Scale, float Min) AffineCodes(ReadOnlySpan<float> x, int top, Span<byte> codes)
    {
        (float min, float max) = Range(x);
        float d = (max - min) / top, inverse = Inverse(d);
        for (int i = 0; i < 32; i++) codes[i] = (byte)Math.Min(top, (int)((x[i] - min) * inverse + 0.5f));
        return (d, min);
    }

    private static void Pack(ReadOnlySpan<byte> codes, Span<byte> target)
    {
        for (int i = 0; i < 16; i++) target[i] = (byte)((codes[i] & 15) | (codes[i + 16] << 4));
    }

    private static uint FifthBits(ReadOnlySpan<byte> codes)
    {
        uint bits = 0;
        for (int i = 0; i < 32; i++) bits |= (uint)(codes[i] >> 4) << i;
        return bits;
    }

    private static int Low(byte code, uint fifth, int i) => (code & 15) | (int)((fifth >> i) & 1) << 4;

    private static int High(byte code, uint fifth, int i) => (code >> 4) | (int)((fifth >> (i + 16)) & 1) << 4;
}

using static Hone.Models.Formats.Blocks.BlockBits;

namespace Hone.Models.Formats.Blocks;

/// <summary>
/// 4-bit floats (1 sign, 2 exponent, 1 mantissa bit) with a shared 8-bit scale: OCP Microscaling Formats specification 1.0,
/// section 5. The table holds twice the value of each code, so scales are halved.
/// </summary>
internal static class Fp4Blocks
{
    private static ReadOnlySpan<sbyte> Doubled => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>32 weights: a power of two as biased exponent, 16 bytes of codes.</summary>
    public static void ReadMXFP4(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = HalvedPower(block[0]);
        for (int i = 0; i < 16; i++)
        {
            y[i] = Doubled[block[1 + i] & 15] * d;
            y[i + 16] = Doubled[block[1 + i] >> 4] * d;
        }
    }

    public static void WriteMXFP4(ReadOnlySpan<float> x, Span<byte> block)
    {
        float peak = Peak(x);
        // 4 = 2^2 is the largest power of two among the codes' values.
        int exponent = peak > 0 ? Math.Clamp((int)MathF.Floor(MathF.Log2(peak)) - 2 + 127, 0, 254) : 0;
        block[0] = (byte)exponent;
        float d = HalvedPower(block[0]);
        for (int i = 0; i < 16; i++) block[1 + i] = (byte)(Nearest(x[i], d) | (Nearest(x[i + 16], d) << 4));
    }

    /// <summary>64 weights in sub-blocks of 16: four scales of 4 exponent and 3 mantissa bits, then 8 bytes of codes for each.</summary>
    public static void ReadNVFP4(ReadOnlySpan<byte> block, Span<float> y)
    {
        for (int sub = 0; sub < 4; sub++)
        {
            float d = Scale(block[sub]) * 0.5f;
            for (int i = 0; i < 8; i++)
            {
                byte codes = block[4 + sub * 8 + i];
                y[sub * 16 + i] = Doubled[codes & 15] * d;
                y[sub * 16 + i + 8] = Doubled[codes >> 4] * d;
            }
        }
    }

    /// <summary>2^(e - 128), the smallest two as subnormal numbers.</summary>
    private static float HalvedPower(byte e) => BitConverter.UInt32BitsToSingle(e < 2 ? 0x00200000u << e : (uint)(e - 1) << 23);

    /// <summary>
    /// 4 exponent bits above 3 mantissa bits; the top bit means nothing. llama.cpp reads 0x7F, which stands for not-a-number, as 0.
    /// </summary>
    private static float Scale(byte bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        if (bits == 0x7F) return 0;
        return exponent == 0 ? MathF.ScaleB(mantissa, -9) : MathF.ScaleB(8 + mantissa, exponent - 10);
    }

    private static int Nearest(float x, float d)
    {
        int best = 0;
        for (int code = 1; code < 16; code++)
            if (MathF.Abs(Doubled[code] * d - x) < MathF.Abs(Doubled[best] * d - x)) best = code;
        return best;
    }
}

using static Hone.Models.Formats.Blocks.BlockBits;

namespace Hone.Models.Formats.Blocks;

/// <summary>
/// Writes the K formats. Each sub-block's scale (and minimum) is searched for, then rounded to a small integer times the block's
/// scale; because that rounding is coarse, neighbouring integers are tried as well, and codes are computed with the scales as
/// they will be read back.
/// </summary>
internal static class KQuantizers
{
    /// <summary>Scales and minima of all sub-blocks as they will be read back, with their integers.</summary>
    private ref struct Affine
    {
        public float D, DMin;
        public Span<byte> Scales, Mins;

        public readonly float Scale(int sub) => D * Scales[sub];

        public readonly float Min(int sub) => DMin * Mins[sub];
    }

    public static void WriteQ2_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        Affine fit = new() { Scales = stackalloc byte[16], Mins = stackalloc byte[16] };
        FitAffine(x, 16, high: 3, top: 15, ref fit);
        Span<byte> codes = stackalloc byte[256];
        AffineCodes(x, 16, 3, fit, codes);
        for (int sub = 0; sub < 16; sub++) block[sub] = (byte)(fit.Scales[sub] | (fit.Mins[sub] << 4));
        PackTwoBits(codes, block.Slice(16, 64));
        PutHalf(block, 80, fit.D);
        PutHalf(block, 82, fit.DMin);
    }

    public static void WriteQ4_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        Affine fit = new() { Scales = stackalloc byte[8], Mins = stackalloc byte[8] };
        FitAffine(x, 32, high: 15, top: 63, ref fit);
        Span<byte> codes = stackalloc byte[256];
        AffineCodes(x, 32, 15, fit, codes);
        PutHalf(block, 0, fit.D);
        PutHalf(block, 2, fit.DMin);
        PackScales(fit, block.Slice(4, 12));
        PackNibbles(codes, block.Slice(16, 128));
    }

    public static void WriteQ5_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        Affine fit = new() { Scales = stackalloc byte[8], Mins = stackalloc byte[8] };
        FitAffine(x, 32, high: 31, top: 63, ref fit);
        Span<byte> codes = stackalloc byte[256];
        AffineCodes(x, 32, 31, fit, codes);
        PutHalf(block, 0, fit.D);
        PutHalf(block, 2, fit.DMin);
        PackScales(fit, block.Slice(4, 12));
        block.Slice(16, 32).Clear();
        for (int i = 0; i < 256; i++) block[16 + i % 32] |= (byte)(codes[i] >> 4 << (i / 32));
        PackNibbles(codes, block.Slice(48, 128));
    }

    public static void WriteQ3_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<int> scales = stackalloc int[16];
        Span<byte> codes = stackalloc byte[256];
        float d = FitSymmetric(x, low: -4, high: 3, lowest: -32, highest: 31, scales);
        SymmetricCodes(x, d, scales, -4, 3, codes);
        block[..32].Clear();
        for (int i = 0; i < 256; i++) block[i % 32] |= (byte)(codes[i] >> 2 << (i / 32));
        PackTwoBits(codes, block.Slice(32, 64));
        Span<byte> packed = block.Slice(96, 12);
        packed.Clear();
        for (int sub = 0; sub < 16; sub++)
        {
            int scale = scales[sub] + 32;
            packed[sub % 8] |= (byte)((scale & 15) << (sub / 8 * 4));
            packed[8 + sub % 4] |= (byte)(scale >> 4 << (sub / 4 * 2));
        }
        PutHalf(block, 108, d);
    }

    public static void WriteQ6_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<int> scales = stackalloc int[16];
        Span<byte> codes = stackalloc byte[256];
        float d = FitSymmetric(x, low: -32, high: 31, lowest: -128, highest: 127, scales);
        SymmetricCodes(x, d, scales, -32, 31, codes);
        block.Clear();
        for (int i = 0; i < 256; i++)
        {
            int group = i / 32, at = i % 32; // 32 weights with the same shifts
            block[group / 4 * 64 + group % 2 * 32 + at] |= (byte)((codes[i] & 15) << (group / 2 % 2 * 4));
            block[128 + group / 4 * 32 + at] |= (byte)(codes[i] >> 4 << (group % 4 * 2));
        }
        for (int sub = 0; sub < 16; sub++) block[192 + sub] = (byte)(sbyte)scales[sub];
        PutHalf(block, 208, d);
    }

    private static void FitAffine(ReadOnlySpan<float> x, int width, int high, int top, ref Affine fit)
    {
        Span<float> scales = stackalloc float[256 / width], mins = stackalloc float[256 / width];
        for (int sub = 0; sub < scales.Length; sub++) (scales[sub], mins[sub]) = ScaleSearch.Affine(x.Slice(sub * width, width), high);
        fit.D = RoundToHalf(Peak(scales) / top);
        fit.DMin = RoundToHalf(Peak(mins) / top);
        for (int sub = 0; sub < scales.Length; sub++)
        {
            (fit.Scales[sub], fit.Mins[sub]) = BestIntegers(
                x.Slice(sub * width, width), high, top, fit.D, fit.DMin, Round(scales[sub] * Inverse(fit.D)), Round(mins[sub] * Inverse(fit.DMin)));
        }
    }

    /// <summary>The pair of integers around (<paramref name="scale"/>, <paramref name="min"/>) with the least error.</summary>
    private static (byte Scale, byte Min) BestIntegers(ReadOnlySpan<float> x, int high, int top, float d, float dmin, int scale, int min)
    {
        (byte, byte) best = ((byte)Math.Clamp(scale, 0, top), (byte)Math.Clamp(min, 0, top));
        float bestError = float.PositiveInfinity;
        for (int s = Math.Max(0, scale - 1); s <= Math.Min(top, scale + 1); s++)
        {
            for (int m = Math.Max(0, min - 1); m <= Math.Min(top, min + 1); m++)
            {
                float error = ScaleSearch.Error(x, d * s, dmin * m, high);
                if (error < bestError) (bestError, best) = (error, ((byte)s, (byte)m));
            }
        }
        return best;
    }

    private static float FitSymmetric(ReadOnlySpan<float> x, int low, int high, int lowest, int highest, Span<int> integers)
    {
        Span<float> scales = stackalloc float[16];
        for (int sub = 0; sub < 16; sub++) scales[sub] = ScaleSearch.Symmetric(x.Slice(sub * 16, 16), low, high);
        float d = RoundToHalf(SignedPeak(scales) / lowest), inverse = Inverse(d);
        for (int sub = 0; sub < 16; sub++)
        {
            ReadOnlySpan<float> part = x.Slice(sub * 16, 16);
            int middle = Round(scales[sub] * inverse);
            float bestError = float.PositiveInfinity;
            for (int s = Math.Max(lowest, middle - 1); s <= Math.Min(highest, middle + 1); s++)
            {
                float error = ScaleSearch.Error(part, d * s, low, high);
                if (error < bestError) (bestError, integers[sub]) = (error, s);
            }
        }
        return d;
    }

    private static void AffineCodes(ReadOnlySpan<float> x, int width, int high, in Affine fit, Span<byte> codes)
    {
        for (int i = 0; i < 256; i++)
        {
            int sub = i / width;
            codes[i] = (byte)Math.Clamp(MathF.Round((x[i] + fit.Min(sub)) * Inverse(fit.Scale(sub))), 0, high);
        }
    }

    /// <summary>Codes counted from <paramref name="low"/>.</summary>
    private static void SymmetricCodes(ReadOnlySpan<float> x, float d, ReadOnlySpan<int> scales, int low, int high, Span<byte> codes)
    {
        for (int i = 0; i < 256; i++)
            codes[i] = (byte)(Math.Clamp(MathF.Round(x[i] * Inverse(d * scales[i / 16])), low, high) - low);
    }

    /// <summary>The inverse of <see cref="KBlocks.ScaleAndMin"/>.</summary>
    private static void PackScales(in Affine fit, Span<byte> packed)
    {
        for (int sub = 0; sub < 4; sub++)
        {
            packed[sub] = (byte)(fit.Scales[sub] | (fit.Scales[sub + 4] >> 4 << 6));
            packed[sub + 4] = (byte)(fit.Mins[sub] | (fit.Mins[sub + 4] >> 4 << 6));
            packed[sub + 8] = (byte)((fit.Scales[sub + 4] & 15) | (fit.Mins[sub + 4] << 4));
        }
    }

    /// <summary>Weights i and i + 32 of every 64 share a byte.</summary>
    private static void PackNibbles(ReadOnlySpan<byte> codes, Span<byte> target)
    {
        for (int i = 0; i < 128; i++)
        {
            int first = i / 32 * 64 + i % 32;
            target[i] = (byte)((codes[first] & 15) | (codes[first + 32] << 4));
        }
    }

    /// <summary>Weights i, i + 32, i + 64 and i + 96 of every 128 share a byte.</summary>
    private static void PackTwoBits(ReadOnlySpan<byte> codes, Span<byte> target)
    {
        target.Clear();
        for (int i = 0; i < 256; i++) target[i / 128 * 32 + i % 32] |= (byte)((codes[i] & 3) << (i / 32 % 4 * 2));
    }
}

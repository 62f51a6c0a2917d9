using System.Buffers.Binary;

namespace Hone.Models.Formats.Blocks;

/// <summary>Pieces that all block formats are made of.</summary>
internal static class BlockBits
{
    private const float LargestHalf = 65504;

    /// <summary>The half-precision number at <paramref name="offset"/>.</summary>
    public static float Half(ReadOnlySpan<byte> block, int offset = 0) =>
        PlainFormats.HalfToSingle(BinaryPrimitives.ReadUInt16LittleEndian(block[offset..]));

    /// <summary>Writes a number as half precision; beyond its range the largest one is written.</summary>
    public static void PutHalf(Span<byte> block, int offset, float value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(block[offset..], PlainFormats.SingleToHalf(Math.Clamp(value, -LargestHalf, LargestHalf)));

    /// <summary>The number that <see cref="PutHalf"/> writes.</summary>
    public static float RoundToHalf(float value) =>
        PlainFormats.HalfToSingle(PlainFormats.SingleToHalf(Math.Clamp(value, -LargestHalf, LargestHalf)));

    /// <summary>1 / x, and 0 for 0: a block of zeros has scale 0 and codes 0.</summary>
    public static float Inverse(float x) => x == 0 ? 0 : 1 / x;

    /// <summary>The first value of largest magnitude, with its sign.</summary>
    public static float SignedPeak(ReadOnlySpan<float> x)
    {
        float peak = 0;
        foreach (float value in x)
            if (MathF.Abs(value) > MathF.Abs(peak)) peak = value;
        return peak;
    }

    /// <summary>The largest magnitude.</summary>
    public static float Peak(ReadOnlySpan<float> x) => MathF.Abs(SignedPeak(x));

    /// <summary>Smallest and largest value.</summary>
    public static (float Min, float Max) Range(ReadOnlySpan<float> x)
    {
        (float min, float max) = (x[0], x[0]);
        foreach (float value in x) (min, max) = (Math.Min(min, value), Math.Max(max, value));
        return (min, max);
    }

    /// <summary>Nearest whole number, ties away from zero (C's roundf).</summary>
    public static int Round(float x) => (int)MathF.Round(x, MidpointRounding.AwayFromZero);
}

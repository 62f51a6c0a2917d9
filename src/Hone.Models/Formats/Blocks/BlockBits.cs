using System.Buffers.Binary;
using System.Runtime.Intrinsics;

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

    /// <summary>y[i] = (code[i] - offset) · scale for 16 codes.</summary>
    public static void Scaled(Vector128<byte> codes, float offset, float scale, Span<float> y)
    {
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(codes);
        Scaled4(Vector128.WidenLower(low), offset, scale, y);
        Scaled4(Vector128.WidenUpper(low), offset, scale, y[4..]);
        Scaled4(Vector128.WidenLower(high), offset, scale, y[8..]);
        Scaled4(Vector128.WidenUpper(high), offset, scale, y[12..]);
    }

    /// <summary>y[i] = code[i] · scale + add for 16 codes; two roundings, as in the reference, never one fused.</summary>
    public static void Affine(Vector128<byte> codes, float scale, float add, Span<float> y)
    {
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(codes);
        Affine4(Vector128.WidenLower(low), scale, add, y);
        Affine4(Vector128.WidenUpper(low), scale, add, y[4..]);
        Affine4(Vector128.WidenLower(high), scale, add, y[8..]);
        Affine4(Vector128.WidenUpper(high), scale, add, y[12..]);
    }

    private static void Scaled4(Vector128<uint> codes, float offset, float scale, Span<float> y) =>
        ((Vector128.ConvertToSingle(codes.AsInt32()) - Vector128.Create(offset)) * scale).CopyTo(y);

    private static void Affine4(Vector128<uint> codes, float scale, float add, Span<float> y) =>
        (Vector128.ConvertToSingle(codes.AsInt32()) * scale + Vector128.Create(add)).CopyTo(y);
}

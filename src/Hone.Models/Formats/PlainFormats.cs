using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hone.Models.Formats;

/// <summary>
/// Conversions between fp32 and plain stored numbers. Files are little-endian, as are all machines .NET runs on. Widening is
/// exact, subnormal numbers, infinities and the payload of not-a-number included; narrowing rounds to nearest, ties to even.
/// </summary>
internal static class PlainFormats
{
    /// <summary>
    /// 2^112: a half's exponent and mantissa, moved to a float's place, read as the number times 2^-112, subnormal halves included.
    /// </summary>
    private const float HalfScale = 5.192296858534828e33f;

    /// <summary>Half precision to fp32.</summary>
    public static void FromHalf(ReadOnlySpan<ushort> source, Span<float> target)
    {
        int i = 0;
        for (; i <= source.Length - 8; i += 8)
        {
            Vector256<int> bits = Vector256.WidenLower(Vector128.Create(source.Slice(i, 8)).ToVector256()).AsInt32();
            Vector256<int> magnitude = (bits & Vector256.Create(0x7FFF)) << 13;
            Vector256<int> scaled = (magnitude.AsSingle() * Vector256.Create(HalfScale)).AsInt32();
            Vector256<int> special = Vector256.GreaterThan(magnitude, Vector256.Create((0x7C00 << 13) - 1));
            Vector256<int> value = Vector256.ConditionalSelect(special, magnitude | Vector256.Create(0x7F800000), scaled);
            (value | ((bits & Vector256.Create(0x8000)) << 16)).AsSingle().CopyTo(target[i..]);
        }
        for (; i < source.Length; i++) target[i] = HalfToSingle(source[i]);
    }

    /// <summary>One half-precision number, from its bits.</summary>
    public static float HalfToSingle(ushort bits)
    {
        int magnitude = (bits & 0x7FFF) << 13, sign = (bits & 0x8000) << 16;
        if (magnitude >= 0x7C00 << 13) return BitConverter.Int32BitsToSingle(magnitude | 0x7F800000 | sign);
        float scaled = BitConverter.Int32BitsToSingle(magnitude) * HalfScale;
        return BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(scaled) | sign);
    }

    /// <summary>fp32 to the bits of half precision.</summary>
    public static ushort SingleToHalf(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>bfloat16 to fp32: the upper half of the bits.</summary>
    public static void FromBrainFloat(ReadOnlySpan<ushort> source, Span<float> target)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(target);
        int i = 0;
        for (; i <= source.Length - 8; i += 8)
            (Vector256.WidenLower(Vector128.Create(source.Slice(i, 8)).ToVector256()) << 16).CopyTo(bits[i..]);
        for (; i < source.Length; i++) bits[i] = (uint)source[i] << 16;
    }

    /// <summary>fp32 to the bits of bfloat16; not-a-number stays so, made quiet.</summary>
    public static ushort SingleToBrainFloat(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>
    /// One 8-bit float of 1 sign, 4 exponent and 3 mantissa bits, without infinities (Micikevicius et al. 2022,
    /// arXiv:2209.05433, table 1).
    /// </summary>
    public static float E4M3ToSingle(byte bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        float magnitude = (exponent, mantissa) switch
        {
            (15, 7) => float.NaN,
            (0, _) => MathF.ScaleB(mantissa, -9),
            _ => MathF.ScaleB(8 + mantissa, exponent - 10),
        };
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }

    /// <summary>One 8-bit float of 1 sign, 5 exponent and 2 mantissa bits: the upper byte of a half (same paper).</summary>
    public static float E5M2ToSingle(byte bits) => HalfToSingle((ushort)(bits << 8));
}

using System.Runtime.InteropServices;
using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class PlainFormatsTests
{
    [Fact]
    public void Every_half_precision_number_widens_exactly()
    {
        ushort[] all = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        float[] found = new float[all.Length];
        WeightConversion.ToSingle(WeightType.F16, MemoryMarshal.AsBytes(all.AsSpan()), found);
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal(Bits(ReferenceHalf((ushort)i)), Bits(found[i]));
            Assert.Equal(Bits(found[i]), Bits(PlainFormats.HalfToSingle((ushort)i)));
        }
    }

    [Fact]
    public void Every_half_precision_number_survives_a_round_trip()
    {
        for (int i = 0; i < 65536; i++)
        {
            float value = PlainFormats.HalfToSingle((ushort)i);
            if (!float.IsNaN(value)) Assert.Equal(i, PlainFormats.SingleToHalf(value));
        }
        Assert.True(Half.IsNaN(BitConverter.UInt16BitsToHalf(PlainFormats.SingleToHalf(float.NaN))));
    }

    [Fact]
    public void Every_brain_float_widens_exactly_and_survives_a_round_trip()
    {
        ushort[] all = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        float[] found = new float[all.Length];
        WeightConversion.ToSingle(WeightType.BF16, MemoryMarshal.AsBytes(all.AsSpan()), found);
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal(i << 16, Bits(found[i]));
            if (float.IsNaN(found[i])) Assert.True(float.IsNaN(BitConverter.Int32BitsToSingle(PlainFormats.SingleToBrainFloat(found[i]) << 16)));
            else Assert.Equal(i, PlainFormats.SingleToBrainFloat(found[i]));
        }
    }

    [Theory] // halfway between neighbours 1 and 1 + 2^-7 (even: 1), between 1 + 2^-7 and 1 + 2^-6 (even: the upper), just above halfway
    [InlineData(1.00390625f, 0x3F80)]
    [InlineData(1.01171875f, 0x3F82)]
    [InlineData(1.003907f, 0x3F81)]
    [InlineData(float.MaxValue, 0x7F80)]
    [InlineData(float.NegativeInfinity, 0xFF80)]
    public void Brain_floats_round_to_nearest_even(float value, int bits) => Assert.Equal(bits, PlainFormats.SingleToBrainFloat(value));

    [Fact]
    public void Eight_bit_floats_have_the_values_of_the_paper()
    {
        // Table 1 of arXiv:2209.05433: largest, smallest normal and smallest subnormal magnitudes.
        Assert.Equal(448f, PlainFormats.E4M3ToSingle(0b0_1111_110));
        Assert.Equal(MathF.Pow(2, -6), PlainFormats.E4M3ToSingle(0b0_0001_000));
        Assert.Equal(MathF.Pow(2, -9), PlainFormats.E4M3ToSingle(0b0_0000_001));
        Assert.True(float.IsNaN(PlainFormats.E4M3ToSingle(0b1_1111_111)));
        Assert.Equal(57344f, PlainFormats.E5M2ToSingle(0b0_11110_11));
        Assert.Equal(MathF.Pow(2, -14), PlainFormats.E5M2ToSingle(0b0_00001_00));
        Assert.Equal(-MathF.Pow(2, -16), PlainFormats.E5M2ToSingle(0b1_00000_01));
        Assert.True(float.IsPositiveInfinity(PlainFormats.E5M2ToSingle(0b0_11111_00)));
        Assert.Equal(448f, Enumerable.Range(0, 127).Max(b => PlainFormats.E4M3ToSingle((byte)b)));
    }

    [Fact]
    public void Integers_and_doubles_convert_by_value()
    {
        Assert.Equal([-9007199254740992f, 3f], Widen(WeightType.I64, [-9007199254740993L, 3L]));
        Assert.Equal([1.8446744e19f], Widen(WeightType.U64, [ulong.MaxValue]));
        Assert.Equal([-1f, 65535f], Widen(WeightType.I32, [-1, 65535]));
        Assert.Equal([4294967295f], Widen(WeightType.U32, [uint.MaxValue]));
        Assert.Equal([-32768f], Widen(WeightType.I16, [short.MinValue]));
        Assert.Equal([65535f], Widen(WeightType.U16, [ushort.MaxValue]));
        Assert.Equal([-128f], Widen(WeightType.I8, [sbyte.MinValue]));
        Assert.Equal([255f], Widen(WeightType.U8, [byte.MaxValue]));
        Assert.Equal([1f, 0f], Widen(WeightType.Bool, [true, false]));
        Assert.Equal([0.1f, 1e-45f, float.PositiveInfinity, float.NaN], Widen(WeightType.F64, [0.1, 1.4e-45, 1e300, double.NaN]));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused() =>
        Assert.Throws<ArgumentException>(() => WeightConversion.ToSingle(WeightType.F16, new byte[6], new float[2]));

    private static float[] Widen<T>(WeightType type, T[] values) where T : unmanaged
    {
        float[] found = new float[values.Length];
        WeightConversion.ToSingle(type, MemoryMarshal.AsBytes(values.AsSpan()), found);
        return found;
    }

    /// <summary>IEEE 754 binary16 by its definition, in double arithmetic.</summary>
    private static float ReferenceHalf(ushort bits)
    {
        int sign = bits >> 15, exponent = (bits >> 10) & 31, mantissa = bits & 1023;
        if (exponent == 31) return BitConverter.Int32BitsToSingle((sign << 31) | 0x7F800000 | (mantissa << 13));
        double magnitude = exponent == 0 ? mantissa * Math.Pow(2, -24) : (1024 + mantissa) * Math.Pow(2, exponent - 25);
        return (float)(sign == 0 ? magnitude : -magnitude);
    }

    private static int Bits(float value) => BitConverter.SingleToInt32Bits(value);
}

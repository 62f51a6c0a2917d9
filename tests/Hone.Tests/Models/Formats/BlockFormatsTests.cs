using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class BlockFormatsTests
{
    public static TheoryData<WeightType> Writable => [.. BlockFormats.Readable.Where(BlockFormats.CanQuantize)];

    [Theory]
    [MemberData(nameof(Writable))]
    public void Zeros_stay_zeros(WeightType type)
    {
        float[] found = RoundTrip(type, new float[512]);
        Assert.All(found, value => Assert.Equal(0f, value));
    }

    [Theory]
    [MemberData(nameof(Writable))]
    public void The_error_is_what_the_bits_allow(WeightType type)
    {
        float[] values = new float[256 * 64];
        new RandomStream(7, "blocks").FillNormal(values, 0, 0.02f);
        float[] found = RoundTrip(type, values);
        double error = Math.Sqrt(values.Zip(found, (a, b) => Math.Pow(a - (double)b, 2)).Average()) / 0.02;
        // Of a normal weight, for a quantiser of b bits and range ±3.5 deviations: the step is 7 / 2^b, the error step / √12.
        double bits = Math.Floor(type.BitsPerElement()), bound = 7 / Math.Pow(2, bits) / Math.Sqrt(12) * 1.6;
        Assert.InRange(error, 0.001, bound);
    }

    [Theory]
    [MemberData(nameof(Writable))]
    public void Huge_and_tiny_values_give_finite_numbers(WeightType type)
    {
        foreach (float scale in new[] { 1e-42f, 1e-30f, 1e-6f, 1e6f, 1e30f, 3e38f })
        {
            float[] values = new float[512];
            new RandomStream(3, "scales").FillUniform(values, -1, 1);
            for (int i = 0; i < values.Length; i++) values[i] *= scale;
            Assert.All(RoundTrip(type, values), value => Assert.True(float.IsFinite(value), $"{type} of {scale} gives {value}"));
        }
    }

    [Fact]
    public void Quantising_twice_changes_nothing_for_the_simple_types()
    {
        float[] values = new float[512];
        new RandomStream(5, "twice").FillNormal(values, 0, 1);
        foreach (WeightType type in new[] { WeightType.Q8_0, WeightType.MXFP4, WeightType.TQ2_0 })
        {
            float[] once = RoundTrip(type, values);
            float[] twice = RoundTrip(type, once);
            for (int i = 0; i < once.Length; i++) Assert.InRange(twice[i] - once[i], -2e-3f, 2e-3f); // scales are rounded to 11 bits
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_not_finite_is_refused_with_its_place(float value)
    {
        float[] values = new float[64];
        values[40] = value;
        HoneException error = Assert.Throws<HoneException>(() => RoundTrip(WeightType.Q4_0, values));
        Assert.Contains("value 40 is", error.Message);
    }

    [Fact]
    public void Types_that_cannot_be_written_say_which_can()
    {
        HoneException error = Assert.Throws<HoneException>(() => BlockFormats.Quantize(WeightType.IQ2_S, new float[256], new byte[82]));
        Assert.Contains("IQ2_S can be read but not written", error.Message);
        Assert.Contains("Q4_K", error.Message);
        Assert.Throws<HoneException>(() => BlockFormats.Dequantize(WeightType.F32, new byte[4], new float[1]));
        Assert.Throws<ArgumentException>(() => BlockFormats.Dequantize(WeightType.Q8_0, new byte[34], new float[64]));
        Assert.Throws<ArgumentException>(() => BlockFormats.Dequantize(WeightType.Q8_0, new byte[34], new float[31]));
    }

    private static float[] RoundTrip(WeightType type, float[] values)
    {
        byte[] bytes = new byte[WeightTypes.BytesOf(type, values.Length)];
        float[] found = new float[values.Length];
        BlockFormats.Quantize(type, values, bytes);
        BlockFormats.Dequantize(type, bytes, found);
        return found;
    }
}

using Hone.Tensors.Kernels;

namespace Hone.Tests.Tensors.Kernels;

public sealed class VectorMathTests
{
    private delegate void Map(ReadOnlySpan<float> x, Span<float> y);

    private delegate void Slope(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx);

    [Fact]
    public void Exp_IsWithinTwoUlps() => Check(VectorMath.Exp, Math.Exp, -103, 88.7f, 2);

    [Fact]
    public void Sigmoid_IsWithinThreeUlps() => Check(VectorMath.Sigmoid, x => 1 / (1 + Math.Exp(-x)), -80, 80, 3);

    [Fact]
    public void Tanh_IsWithinThreeUlps() => Check(VectorMath.Tanh, Math.Tanh, -12, 12, 3);

    [Fact]
    public void Tanh_IsWithinThreeUlps_NearZero() => Check(VectorMath.Tanh, Math.Tanh, -1e-3f, 1e-3f, 3);

    [Fact]
    public void Silu_IsWithinFourUlps() => Check(ActivationMath<Silu>.Forward, x => x / (1 + Math.Exp(-x)), -80, 80, 4);

    [Fact]
    public void GeluErf_IsAccurate() => CheckError(ActivationMath<GeluErf>.Forward, x => x * Phi(x), -12, 12, 3e-7, 6e-6);

    [Fact]
    public void GeluTanh_IsAccurate() => CheckError(ActivationMath<GeluTanh>.Forward, GeluTanh, -12, 12, 3e-7, 1e-4);

    [Fact]
    public void Slopes_EqualDifferences()
    {
        CheckSlope(ActivationMath<Silu>.Backward, x => x / (1 + Math.Exp(-x)));
        CheckSlope(ActivationMath<GeluErf>.Backward, x => x * Phi(x));
        CheckSlope(ActivationMath<GeluTanh>.Backward, GeluTanh);
    }

    [Fact]
    public void Extremes()
    {
        float[] x = [float.NegativeInfinity, float.PositiveInfinity, float.NaN, -1000, 1000, 0, -0f, float.Epsilon];
        AssertValues(VectorMath.Exp, x, [0, float.PositiveInfinity, float.NaN, 0, float.PositiveInfinity, 1, 1, 1]);
        AssertValues(VectorMath.Sigmoid, x, [0, 1, float.NaN, 0, 1, 0.5f, 0.5f, 0.5f]);
        AssertValues(VectorMath.Tanh, x, [-1, 1, float.NaN, -1, 1, 0, 0, float.Epsilon]);
    }

    [Fact]
    public void Results_DoNotDependOnTheCut()
    {
        float[] x = Range(-20, 20, 100), whole = new float[100], parts = new float[100];
        foreach (Map map in new Map[] { VectorMath.Exp, ActivationMath<Silu>.Forward, ActivationMath<GeluErf>.Forward, VectorMath.Tanh })
        {
            map(x, whole);
            for (int i = 0; i < 100;)
            {
                int n = Math.Min(1 + i % 23, 100 - i);
                map(x.AsSpan(i, n), parts.AsSpan(i, n));
                i += n;
            }
            Assert.Equal(whole, parts);
        }
    }

    [Fact]
    public void ExpSum_EqualsItsParts()
    {
        foreach (int n in new[] { 1, 5, 16, 33, 100 })
        {
            float[] x = Range(-30, 3, n);
            double[] expected = [.. x.Select(v => Math.Exp(v - 3f))];
            float sum = VectorMath.ExpSum(x, 3);
            Assert.Equal(expected.Sum(), sum, expected.Sum() * 1e-6);
            for (int i = 0; i < n; i++) Assert.Equal(expected[i], x[i], expected[i] * 1e-6);
        }
    }

    /// <summary>Compares with double precision; an ulp is that of the expected value, at least the smallest normal one.</summary>
    private static void Check(Map map, Func<double, double> exact, float from, float to, double ulps) =>
        Compare(map, exact, from, to, expected => ulps * Math.Max(Ulp(expected), 1.5e-45));

    private static void CheckError(Map map, Func<double, double> exact, float from, float to, double absolute, double relative) =>
        Compare(map, exact, from, to, expected => Math.Min(absolute * Math.Max(1, Math.Abs(expected)), 1e-37 + relative * Math.Abs(expected)));

    private static void Compare(Map map, Func<double, double> exact, float from, float to, Func<double, double> tolerance)
    {
        float[] x = Range(from, to, 100_003), y = new float[x.Length];
        map(x, y);
        for (int i = 0; i < x.Length; i++)
        {
            double expected = exact(x[i]);
            if (!(Math.Abs(y[i] - expected) <= tolerance(expected))) Assert.Fail($"f({x[i]:R}) is {y[i]:R}, expected {expected:R}");
        }
    }

    private static void CheckSlope(Slope slope, Func<double, double> f)
    {
        float[] x = Range(-9, 9, 1001), dx = new float[x.Length], dy = new float[x.Length];
        Array.Fill(dy, 2f);
        slope(x, dy, dx);
        for (int i = 0; i < x.Length; i++) Assert.Equal((f(x[i] + 1e-5) - f(x[i] - 1e-5)) / 1e-5, dx[i], 5e-6);
    }

    private static void AssertValues(Map map, float[] x, float[] expected)
    {
        float[] y = new float[x.Length];
        map(x, y);
        Assert.Equal(expected, y);
    }

    private static double Ulp(double value)
    {
        float magnitude = (float)Math.Abs(value);
        return (double)MathF.BitIncrement(magnitude) - magnitude;
    }

    private static float[] Range(float from, float to, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (float)(from + (to - from) * (double)i / Math.Max(1, count - 1)))];

    private static double GeluTanh(double x) => x / (1 + Math.Exp(-2 * Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    /// <summary>Normal distribution function by its continued fraction (far) or series (near); Abramowitz and Stegun 26.2.11 and 26.2.14.</summary>
    private static double Phi(double x)
    {
        double density = Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI), u = Math.Abs(x);
        if (u < 3)
        {
            double term = x, sum = x;
            for (int k = 3; k < 120; k += 2) sum += term *= x * x / k;
            return 0.5 + density * sum;
        }
        double fraction = u;
        for (int k = 200; k > 0; k--) fraction = u + k / fraction;
        double tail = density / fraction;
        return x < 0 ? tail : 1 - tail;
    }
}

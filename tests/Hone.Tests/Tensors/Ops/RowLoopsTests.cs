using Hone.Core;
using Hone.Tensors.Kernels;
using Hone.Tensors.Kernels.Simd;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

public sealed class RowLoopsTests
{
    [Fact]
    public void Normal_distribution_has_fp32_accuracy_far_into_its_tail()
    {
        // Φ(-x) for x = 0, 1, 2, 4, 8, 12 from tables of erfc.
        (float X, double Share)[] known = [(0, 0.5), (-1, 0.15865525393145705), (-2, 0.022750131948179207), (-4, 3.167124183311992e-5), (-8, 6.220960574271785e-16), (-12, 1.776482112077679e-33)];
        foreach ((float x, double share) in known)
        {
            Assert.Equal(1, Elementary<SimdScalar, float>.NormalDistribution(x, out float bell) / share, 5e-6);
            Assert.Equal(1, bell / Math.Exp(-0.5 * x * x), 5e-6);
            Assert.Equal(1 - share, Elementary<SimdScalar, float>.NormalDistribution(-x, out _), 1.2e-7);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(127)]
    [InlineData(2500)]
    public void Row_loops_are_what_they_say_for_any_length(int length)
    {
        RandomStream random = new(length, "rows");
        float[] x = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() * 6 - 5)], p = [.. x.Select(_ => random.NextSingle())];
        Assert.Equal(x.Max(), RowLoops.Max(x));
        float[] powers = [.. x];
        double sum = RowLoops.ExpSum(powers, 0.75f);
        Assert.Equal(1, sum / x.Sum(value => Math.Exp(value - 0.75)), 5e-7);
        for (int i = 0; i < length; i++) Assert.Equal(Math.Exp(x[i] - 0.75), powers[i], 4e-7);
        float[] weighed = [.. x], scaled = new float[length], added = [.. p];
        RowLoops.Weigh(weighed, 0.5f, p);
        RowLoops.Scale(x, 3f, scaled);
        RowLoops.AddScaled(x, 3f, added);
        for (int i = 0; i < length; i++)
        {
            Assert.Equal((x[i] - 0.5f) * p[i], weighed[i], 1e-6f);
            Assert.Equal(3 * x[i], scaled[i]);
            Assert.Equal(p[i] + 3 * x[i], added[i], 2e-6f);
        }
    }
}

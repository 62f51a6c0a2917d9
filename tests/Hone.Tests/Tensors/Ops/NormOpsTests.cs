using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

public sealed class NormOpsTests
{
    private static readonly RandomStream Random = new(11, "norms");

    [Theory]
    [InlineData(1, 1, 1e-6, false)]
    [InlineData(3, 5, 1e-5, true)]
    [InlineData(4, 33, 1e-2, false)]
    [InlineData(70, 17, 1e-6, true)]
    public void RmsNorm_is_right_with_its_gradients(int rows, int width, double eps, bool onePlus)
    {
        CheckedInput x = CheckedInput.Normal(Random, (rows, width)), w = CheckedInput.Normal(Random, width);
        GradCheck.Run((t, v) => t.RmsNorm(v[0], v[1], (float)eps, onePlus), v => Reference.RmsNorm(v[0], v[1], width, (float)eps, onePlus), x, w);
        GradCheck.Run((t, v) => t.RmsNorm(v[0], null, (float)eps), v => Reference.RmsNorm(v[0], null, width, (float)eps, false), x);
    }

    [Theory]
    [InlineData(1, 2, 1e-5)]
    [InlineData(3, 5, 1e-12)]
    [InlineData(70, 17, 1e-5)]
    public void LayerNorm_is_right_with_its_gradients(int rows, int width, double eps)
    {
        CheckedInput x = CheckedInput.Normal(Random, (rows, width)), w = CheckedInput.Normal(Random, width), b = CheckedInput.Normal(Random, width);
        GradCheck.Run((t, v) => t.LayerNorm(v[0], v[1], v[2], (float)eps), v => Reference.LayerNorm(v[0], v[1], v[2], width, (float)eps), x, w, b);
        GradCheck.Run((t, v) => t.LayerNorm(v[0], v[1], null, (float)eps), v => Reference.LayerNorm(v[0], v[1], null, width, (float)eps), x, w);
        GradCheck.Run((t, v) => t.LayerNorm(v[0], null, null, (float)eps), v => Reference.LayerNorm(v[0], null, null, width, (float)eps), x);
    }

    [Fact]
    public void RmsNorm_does_not_see_the_scale_of_its_input()
    {
        using Tape tape = new();
        CheckedInput x = CheckedInput.Normal(Random, (4, 64));
        Tensor plain = Tensor.From(x.Shape, x.Values), large = Tensor.From(x.Shape, [.. x.Values.Select(value => value * 1024)]);
        GradCheck.AssertClose(
            [.. tape.RmsNorm(plain, null, 0).Data.ToArray().Select(value => (double)value)], tape.RmsNorm(large, null, 0).Data, 1e-6, "scaled");
    }

    [Fact]
    public void RmsNorm_of_zeros_is_zero_with_a_large_but_finite_gradient()
    {
        using Tape tape = new();
        Tensor x = Tensor.Create((1, 4), requiresGrad: true), w = Tensor.From(4, [1, 2, 3, 4]);
        Tensor y = tape.RmsNorm(x, w, 1e-6f);
        Assert.All(y.Data.ToArray(), value => Assert.Equal(0, value));
        tape.Backward(y, [1f, 1f, 1f, 1f]);
        for (int i = 0; i < 4; i++) Assert.Equal((i + 1) / MathF.Sqrt(1e-6f), x.Grad[i], 1f);
    }

    [Fact]
    public void LayerNorm_keeps_its_precision_beside_a_large_mean()
    {
        using Tape tape = new();
        CheckedInput x = CheckedInput.Normal(Random, (8, 96), 1f, 4096f);
        double[] values = [.. x.Values.Select(value => (double)value)];
        Tensor y = tape.LayerNorm(Tensor.From(x.Shape, x.Values), null, null, 1e-5f);
        GradCheck.AssertClose(Reference.LayerNorm(values, null, null, 96, 1e-5f), y.Data, 1e-5, "mean of 4096");
    }

    [Fact]
    public void L2Normalize_is_right_with_its_gradient()
    {
        CheckedInput x = CheckedInput.Normal(Random, (5, 7));
        GradCheck.Run((t, v) => t.L2Normalize(v[0]), v => Reference.PerRow(v[0], 7, row =>
        {
            double length = Math.Sqrt(row.Sum(value => value * value));
            return [.. row.Select(value => value / length)];
        }), x);
        using Tape tape = new();
        Assert.All(tape.L2Normalize(Tensor.Create((2, 3))).Data.ToArray(), value => Assert.Equal(0, value));
    }
}

using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

public sealed class RopeTests
{
    private static readonly RandomStream Random = new(12, "rope");

    [Theory]
    [InlineData(RopeStyle.HalfSplit, 8, 8)]
    [InlineData(RopeStyle.HalfSplit, 40, 40)]
    [InlineData(RopeStyle.HalfSplit, 40, 24)]
    [InlineData(RopeStyle.Interleaved, 8, 8)]
    [InlineData(RopeStyle.Interleaved, 10, 6)]
    public void Rotation_is_right_with_its_gradient(RopeStyle style, int headSize, int rotated)
    {
        double[] frequencies = RopeFrequencies.Default(rotated, 10_000);
        int[] positions = [0, 1, 2, 0, 31_999, 8191];
        CheckedInput x = CheckedInput.Normal(Random, (positions.Length, 3 * headSize));
        RopeTable table = new(headSize, frequencies, 1.25, style);
        GradCheck.Run(
            (t, v) => t.Rope(v[0], table, positions),
            v => Reference.Rope(v[0], headSize, frequencies, 1.25, style == RopeStyle.Interleaved, positions), x);
    }

    [Theory]
    [InlineData(RopeStyle.HalfSplit)]
    [InlineData(RopeStyle.Interleaved)]
    public void A_score_depends_on_the_distance_alone(RopeStyle style)
    {
        RopeTable table = new(16, RopeFrequencies.Default(16, 10_000), 1, style);
        CheckedInput q = CheckedInput.Normal(Random, (1, 16)), k = CheckedInput.Normal(Random, (1, 16));
        Assert.Equal(Score(0), Score(1000), 2e-5);
        Assert.Equal(Score(0), Score(30_000), 2e-5);

        double Score(int shift)
        {
            using Tape tape = new();
            Tensor a = tape.Rope(Tensor.From(q.Shape, q.Values), table, [shift + 7]), b = tape.Rope(Tensor.From(k.Shape, k.Values), table, [shift + 3]);
            return tape.Sum(tape.Mul(a, b)).Item();
        }
    }

    [Fact]
    public void The_two_styles_are_one_rotation_of_permuted_numbers()
    {
        double[] frequencies = RopeFrequencies.Default(8, 10_000);
        CheckedInput x = CheckedInput.Normal(Random, (1, 8));
        float[] permuted = new float[8];
        for (int i = 0; i < 4; i++) (permuted[2 * i], permuted[2 * i + 1]) = (x.Values[i], x.Values[i + 4]);
        using Tape tape = new();
        Tensor half = tape.Rope(Tensor.From(x.Shape, x.Values), new RopeTable(8, frequencies), [5]);
        Tensor pairs = tape.Rope(Tensor.From(x.Shape, permuted), new RopeTable(8, frequencies, 1, RopeStyle.Interleaved), [5]);
        for (int i = 0; i < 4; i++) Assert.Equal((half.Data[i], half.Data[i + 4]), (pairs.Data[2 * i], pairs.Data[2 * i + 1]));
    }

    [Fact]
    public void Bad_sizes_and_positions_are_refused()
    {
        using Tape tape = new();
        RopeTable table = new(8, RopeFrequencies.Default(8, 10_000));
        Assert.Throws<ArgumentException>(() => tape.Rope(Tensor.Create((2, 12)), table, [0, 1]));
        Assert.Throws<ArgumentException>(() => tape.Rope(Tensor.Create((2, 8)), table, [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tape.Rope(Tensor.Create((1, 8)), table, [-1]));
        Assert.Throws<ArgumentException>(() => new RopeTable(4, RopeFrequencies.Default(8, 10_000)));
        Assert.Throws<ArgumentException>(() => RopeFrequencies.Default(7, 10_000));
    }
}

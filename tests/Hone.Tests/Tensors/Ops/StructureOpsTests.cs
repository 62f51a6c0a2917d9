using FsCheck;
using FsCheck.Fluent;
using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Embedding, gathering, slicing, joining, transposing, reducing.</summary>
public sealed class StructureOpsTests
{
    private static readonly RandomStream Random = new(41, "structure");

    [Fact]
    public void Embedding_is_right_with_its_gradient()
    {
        int[] ids = [4, 0, 4, 2, 4];
        CheckedInput table = CheckedInput.Normal(Random, (5, 37));
        GradCheck.Run((t, v) => t.Embedding(v[0], ids, 1.5f), v => Reference.Rows(v[0], 37, ids, 1.5), table);
        GradCheck.Run((t, v) => t.Rows(v[0], ids), v => Reference.Rows(v[0], 37, ids, 1), table);
        using Tape tape = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => tape.Embedding(Tensor.Create((5, 2)), [5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tape.Embedding(Tensor.Create((5, 2)), [-1]));
    }

    [Fact]
    public void Slices_joined_again_are_the_whole()
    {
        var cases =
            from rank in Gen.Choose(1, 4)
            from sizes in Gen.ArrayOf(Gen.Choose(1, 5), rank)
            from dim in Gen.Choose(0, rank - 1)
            from cut in Gen.Choose(0, sizes[dim])
            select (sizes, dim, cut);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            CheckedInput x = CheckedInput.Normal(Random, Shape.Of(c.sizes));
            int rest = c.sizes[c.dim] - c.cut;
            GradCheck.Run(
                (t, v) => t.Concat(c.dim, t.Slice(v[0], c.dim, 0, c.cut), t.Slice(v[0], c.dim - c.sizes.Length, c.cut, rest)), v => [.. v[0]], x);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(50));
    }

    [Fact]
    public void Transposing_twice_gives_the_original_and_once_the_exchanged()
    {
        var cases =
            from rank in Gen.Choose(2, 4)
            from sizes in Gen.ArrayOf(Gen.Choose(1, 5), rank)
            from a in Gen.Choose(0, rank - 1)
            from b in Gen.Choose(0, rank - 1)
            select (sizes, a, b);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Shape shape = Shape.Of(c.sizes);
            CheckedInput x = CheckedInput.Normal(Random, shape);
            GradCheck.Run((t, v) => t.Transpose(t.Transpose(v[0], c.a, c.b), c.b, c.a - c.sizes.Length), v => [.. v[0]], x);
            GradCheck.Run((t, v) => t.Transpose(v[0], c.a, c.b), v => Exchanged(v[0], c.sizes, c.a, c.b), x);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    private static double[] Exchanged(double[] x, int[] sizes, int a, int b)
    {
        int[] outer = [.. sizes];
        (outer[a], outer[b]) = (outer[b], outer[a]);
        double[] y = new double[x.Length];
        int[] index = new int[sizes.Length];
        for (int place = 0; place < x.Length; place++)
        {
            int rest = place, source = 0;
            for (int i = sizes.Length - 1; i >= 0; i--) (index[i], rest) = (rest % outer[i], rest / outer[i]);
            (index[a], index[b]) = (index[b], index[a]);
            for (int i = 0; i < sizes.Length; i++) source = source * sizes[i] + index[i];
            y[place] = x[source];
        }
        return y;
    }

    [Fact]
    public void Reductions_are_right_with_their_gradients()
    {
        CheckedInput x = CheckedInput.Normal(Random, (6, 11));
        GradCheck.Run((t, v) => t.Sum(v[0]), v => [v[0].Sum()], x);
        GradCheck.Run((t, v) => t.Mean(v[0]), v => [v[0].Average()], x);
        GradCheck.Run((t, v) => t.SumLast(v[0]), v => Reference.PerRow(v[0], 11, row => [row.Sum()]), x);
        GradCheck.Run((t, v) => t.MeanLast(v[0]), v => Reference.PerRow(v[0], 11, row => [row.Average()]), x);
        GradCheck.Run((t, v) => t.MaxLast(v[0]), v => Reference.PerRow(v[0], 11, row => [row.Max()]), x);
        GradCheck.Run((t, v) => t.GatherLast(v[0], [0, 10, 3, 3, 5, 9]), v => [v[0][0], v[0][21], v[0][25], v[0][36], v[0][49], v[0][64]], x);
    }

    [Fact]
    public void Softmax_family_is_right_with_its_gradients()
    {
        CheckedInput x = CheckedInput.Normal(Random, (6, 11), 3);
        GradCheck.Run((t, v) => t.Softmax(v[0]), v => Reference.Softmax(v[0], 11), x);
        GradCheck.Run((t, v) => t.LogSoftmax(v[0]), v => Reference.LogSoftmax(v[0], 11), x);
        GradCheck.Run((t, v) => t.LogSumExp(v[0]), v => Reference.PerRow(v[0], 11, row => [Reference.LogSumExp(row)]), x);
        GradCheck.Run(
            (t, v) => t.SoftmaxEntropy(v[0]),
            v => Reference.PerRow(Reference.LogSoftmax(v[0], 11), 11, row => [-row.Sum(logP => Math.Exp(logP) * logP)]), x);
    }

    [Fact]
    public void Softmax_of_rows_longer_than_a_block_and_of_nothing_visible()
    {
        using Tape tape = new();
        CheckedInput x = CheckedInput.Normal(Random, (2, 2500));
        double[] values = [.. x.Values.Select(value => (double)value)];
        GradCheck.AssertClose(Reference.PerRow(values, 2500, row => [Reference.LogSumExp(row)]), tape.LogSumExp(Tensor.From(x.Shape, x.Values)).Data, 1e-6, "long");
        Tensor nothing = Tensor.From(3, [float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity], true);
        Tensor y = tape.Softmax(nothing);
        tape.Backward(tape.Sum(y));
        Assert.Equal([0f, 0f, 0f], y.Data);
        Assert.Equal([0f, 0f, 0f], nothing.Grad);
    }

    [Fact]
    public void Sums_over_sequences_are_right_with_their_gradients()
    {
        Segments segments = new(3, 0, 1, 4);
        CheckedInput one = CheckedInput.Normal(Random, 8), wide = CheckedInput.Normal(Random, (8, 3));
        GradCheck.Run((t, v) => t.SegmentSum(v[0], segments), v => [v[0][0] + v[0][1] + v[0][2], 0, v[0][3], v[0][4] + v[0][5] + v[0][6] + v[0][7]], one);
        GradCheck.Run((t, v) => t.SegmentSum(v[0], segments), v => [.. Enumerable.Range(0, 4).SelectMany(s => Enumerable.Range(0, 3)
            .Select(c => Enumerable.Range(segments.Start(s), segments.Length(s)).Sum(t => v[0][t * 3 + c])))], wide);
    }

    [Fact]
    public void A_view_shares_memory_and_gradient()
    {
        using Tape tape = new();
        Tensor x = Tensor.From((2, 3), [1, 2, 3, 4, 5, 6], true);
        Tensor view = tape.View(tape.View(x, (3, 2)), 6);
        view.Data[0] = 9;
        Assert.Equal(9, x.Data[0]);
        tape.Backward(tape.Add(tape.Sum(tape.Square(view)), tape.Sum(x)));
        Assert.Equal([19f, 5, 7, 9, 11, 13], x.Grad);
        Assert.Equal(x.Grad, view.Grad);
        view.ClearGrad();
        Assert.False(x.HasGrad);
        Assert.Throws<ArgumentException>(() => tape.View(x, 5));
    }

    [Fact]
    public void A_view_of_an_activation_passes_its_gradient_on()
    {
        CheckedInput x = CheckedInput.Normal(Random, (2, 6));
        GradCheck.Run(
            (t, v) => t.Square(t.View(t.Scale(v[0], 3), (4, 3))), v => [.. v[0].Select(value => 9 * value * value)], x);
    }

    [Fact]
    public void No_gradient_passes_a_detached_tensor()
    {
        using Tape tape = new();
        Tensor x = Tensor.From(2, [2, 3], true);
        tape.Backward(tape.Sum(tape.Mul(x, tape.Detach(tape.Square(x)))));
        Assert.Equal([4f, 9f], x.Grad);
    }
}

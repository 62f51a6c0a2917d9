using FsCheck;
using FsCheck.Fluent;
using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

public sealed class MatrixOpsTests
{
    [Fact]
    public void Linear_of_any_size_is_right_with_its_gradients()
    {
        var sizes = from rows in Gen.Choose(1, 9) from width in Gen.Choose(1, 20) from outputs in Gen.Choose(1, 20) select (rows, width, outputs);
        Prop.ForAll(sizes.ToArbitrary(), s =>
        {
            RandomStream random = new(s.rows * 400 + s.width * 20 + s.outputs, "linear");
            CheckedInput x = CheckedInput.Normal(random, (s.rows, s.width)), w = CheckedInput.Normal(random, (s.outputs, s.width)), b = CheckedInput.Normal(random, s.outputs);
            GradCheck.Run((t, v) => t.Linear(v[0], v[1], v[2]), v => Reference.Linear(v[0], v[1], v[2], s.width), x, w, b);
            GradCheck.Run((t, v) => t.Linear(v[0], v[1]), v => Reference.Linear(v[0], v[1], null, s.width), x, w);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(25));
    }

    [Fact]
    public void MatMul_in_all_transposes_and_stackings_is_right_with_its_gradients()
    {
        var cases =
            from m in Gen.Choose(1, 6)
            from n in Gen.Choose(1, 6)
            from k in Gen.Choose(1, 6)
            from ta in Gen.Elements(false, true)
            from tb in Gen.Elements(false, true)
            from stackA in Gen.Elements("", "3", "2,3", "1,3")
            from stackB in Gen.Elements("", "3", "2,1", "1")
            select (m, n, k, ta, tb, stackA, stackB);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            int[] stackA = Sizes(c.stackA), stackB = Sizes(c.stackB);
            Shape a = Shape.Of([.. stackA, c.ta ? c.k : c.m, c.ta ? c.m : c.k]), b = Shape.Of([.. stackB, c.tb ? c.n : c.k, c.tb ? c.k : c.n]);
            RandomStream random = new(a.Count * 100 + b.Count, "matmul");
            GradCheck.Run(
                (t, v) => t.MatMul(v[0], v[1], c.ta, c.tb),
                v => Stacked(v[0], stackA, v[1], stackB, (x, y) => Reference.MatMul(x, y, c.m, c.n, c.k, c.ta, c.tb), c.m * c.k, c.k * c.n),
                CheckedInput.Normal(random, a), CheckedInput.Normal(random, b));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        using Tape tape = new();
        Assert.Throws<ArgumentException>(() => tape.Linear(Tensor.Create((2, 3)), Tensor.Create((4, 5))));
        Assert.Throws<ArgumentException>(() => tape.Linear(Tensor.Create((2, 3)), Tensor.Create((4, 3)), Tensor.Create(3)));
        Assert.Throws<ArgumentException>(() => tape.MatMul(Tensor.Create((2, 3)), Tensor.Create((2, 3))));
        Assert.Throws<ArgumentException>(() => tape.MatMul(Tensor.Create((2, 2, 3)), Tensor.Create((3, 3, 2))));
        Assert.Throws<ArgumentException>(() => tape.MatMul(Tensor.Create(3), Tensor.Create((3, 2))));
    }

    private static int[] Sizes(string text) => [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    // Over at most two stacked dimensions.
    private static double[] Stacked(double[] a, int[] stackA, double[] b, int[] stackB, Func<double[], double[], double[]> product, int countA, int countB)
    {
        int[] sizesA = [.. Enumerable.Repeat(1, 2 - stackA.Length), .. stackA], sizesB = [.. Enumerable.Repeat(1, 2 - stackB.Length), .. stackB];
        List<double> result = [];
        for (int i = 0; i < Math.Max(sizesA[0], sizesB[0]); i++)
            for (int j = 0; j < Math.Max(sizesA[1], sizesB[1]); j++)
            {
                int placeA = i % sizesA[0] * sizesA[1] + j % sizesA[1], placeB = i % sizesB[0] * sizesB[1] + j % sizesB[1];
                result.AddRange(product([.. a.Skip(placeA * countA).Take(countA)], [.. b.Skip(placeB * countB).Take(countB)]));
            }
        return [.. result];
    }
}

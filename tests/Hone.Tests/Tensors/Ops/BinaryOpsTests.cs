using FsCheck;
using FsCheck.Fluent;
using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

public sealed class BinaryOpsTests
{
    private static readonly (string Name, Func<Tape, Tensor, Tensor, Tensor> Operation, Func<double, double, double> Reference)[] Cases =
    [
        ("add", (t, a, b) => t.Add(a, b), (a, b) => a + b),
        ("sub", (t, a, b) => t.Sub(a, b), (a, b) => a - b),
        ("mul", (t, a, b) => t.Mul(a, b), (a, b) => a * b),
        ("div", (t, a, b) => t.Div(a, b), (a, b) => a / b),
        ("minimum", (t, a, b) => t.Minimum(a, b), Math.Min),
        ("maximum", (t, a, b) => t.Maximum(a, b), Math.Max),
    ];

    /// <summary>Sizes of a result, and for each dimension who repeats: 0 nobody, 1 the first, 2 the second; then leading dimensions left out.</summary>
    [Fact]
    public void Every_broadcast_of_two_shapes_is_right_with_its_gradients()
    {
        Gen<(int[] Sizes, int[] Repeats, int Missing)> shapes =
            from rank in Gen.Choose(1, 4)
            from sizes in Gen.ArrayOf(Gen.Choose(1, 4), rank)
            from repeats in Gen.ArrayOf(Gen.Choose(0, 3), rank)
            from missing in Gen.Choose(0, rank - 1)
            select (sizes, repeats, missing);
        Prop.ForAll(shapes.ToArbitrary(), s =>
        {
            int[] sizesA = [.. s.Sizes.Select((size, i) => s.Repeats[i] == 1 ? 1 : size)];
            int[] sizesB = [.. s.Sizes.Select((size, i) => s.Repeats[i] == 2 ? 1 : size).Skip(s.Missing)];
            Shape a = Shape.Of(sizesA), b = Shape.Of(sizesB);
            RandomStream random = new(a.Count * 31 + b.Count, "broadcast");
            foreach (var (_, operation, reference) in Cases)
            {
                // Positive and apart from each other: no division by nearly 0, no step across a tie.
                CheckedInput left = CheckedInput.Uniform(random, a, 0.5f, 2f), right = CheckedInput.Uniform(random, b, 0.5f, 2f);
                GradCheck.Run((t, x) => operation(t, x[0], x[1]), x => Reference.Broadcast(x[0], a, x[1], b, reference), left, right);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void A_tensor_with_itself_collects_both_gradients()
    {
        CheckedInput x = CheckedInput.Uniform(new RandomStream(3, "self"), (3, 5), 0.5f, 2f);
        GradCheck.Run((t, v) => t.Mul(v[0], v[0]), v => [.. v[0].Select(value => value * value)], x);
        GradCheck.Run((t, v) => t.Div(v[0], t.View(v[0], (3, 5))), v => [.. v[0].Select(_ => 1.0)], x);
        GradCheck.Run(
            (t, v) => t.GatedMlpActivation(v[0], v[0], Activation.Silu), v => [.. v[0].Select(value => value * value / (1 + Math.Exp(-value)))], x);
    }

    [Fact]
    public void Ties_share_the_gradient()
    {
        using Tape tape = new();
        Tensor a = Tensor.From(3, [1f, 2f, 3f], requiresGrad: true), b = Tensor.From(3, [1f, 3f, 2f], requiresGrad: true);
        tape.Backward(tape.Minimum(a, b), [4f, 4f, 4f]);
        Assert.Equal([2f, 4f, 0f], a.Grad);
        Assert.Equal([2f, 0f, 4f], b.Grad);
    }

    [Theory]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.GeluErf)]
    [InlineData(Activation.GeluTanh)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.ReluSquared)]
    public void Gated_activation_is_the_activation_times_the_other(Activation activation)
    {
        RandomStream random = new(5, "gated");
        CheckedInput gate = CheckedInput.Normal(random, (3, 1100), 2), up = CheckedInput.Normal(random, (3, 1100));
        using Tape tape = new();
        Tensor[] fused = [Tensor.From(gate.Shape, gate.Values, true), Tensor.From(up.Shape, up.Values, true)];
        Tensor[] plain = [Tensor.From(gate.Shape, gate.Values, true), Tensor.From(up.Shape, up.Values, true)];
        for (int pass = 0; pass < 2; pass++) // the second pass adds to what is there
        {
            Tensor y = tape.GatedMlpActivation(fused[0], fused[1], activation), z = tape.Mul(tape.Activate(plain[0], activation), plain[1]);
            Assert.Equal(z.Data, y.Data);
            tape.Backward(tape.Sum(tape.Square(y)));
            z = tape.Mul(tape.Activate(plain[0], activation), plain[1]);
            tape.Backward(tape.Sum(tape.Square(z)));
            for (int i = 0; i < 2; i++) GradCheck.AssertClose([.. plain[i].Grad.ToArray().Select(v => (double)v)], fused[i].Grad, 1e-6, $"input {i}");
        }
    }

    [Fact]
    public void Shapes_that_do_not_broadcast_are_refused()
    {
        using Tape tape = new();
        Assert.Throws<ArgumentException>(() => tape.Add(Tensor.Create((2, 3)), Tensor.Create((2, 4))));
        Assert.Throws<ArgumentException>(() => tape.GatedMlpActivation(Tensor.Create((2, 3)), Tensor.Create((2, 4)), Activation.Silu));
    }
}

using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Functions of one number against double precision, over enough numbers for many blocks and both threads.</summary>
public sealed class ElementwiseOpsTests
{
    private sealed record Case(Func<Tape, Tensor, Tensor> Operation, Func<double, double> Reference, float Min, float Max);

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["silu"] = new((t, x) => t.Silu(x), v => v / (1 + Math.Exp(-v)), -12, 12),
        ["gelu_erf"] = new((t, x) => t.Gelu(x, GeluKind.Erf), v => v * NormalDistribution(v), -6, 6),
        ["gelu_tanh"] = new((t, x) => t.Gelu(x, GeluKind.Tanh), v => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))), -6, 6),
        ["relu"] = new((t, x) => t.Relu(x), v => Math.Max(v, 0), -3, 3),
        ["relu_squared"] = new((t, x) => t.ReluSquared(x), v => Math.Max(v, 0) * Math.Max(v, 0), -3, 3),
        ["sigmoid"] = new((t, x) => t.Sigmoid(x), v => 1 / (1 + Math.Exp(-v)), -12, 12),
        ["tanh"] = new((t, x) => t.Tanh(x), Math.Tanh, -5, 5),
        ["exp"] = new((t, x) => t.Exp(x), Math.Exp, -5, 4),
        ["log"] = new((t, x) => t.Log(x), Math.Log, 0.1f, 9),
        ["softplus"] = new((t, x) => t.Softplus(x), v => Math.Log(1 + Math.Exp(v)), -12, 25),
        ["log_sigmoid"] = new((t, x) => t.LogSigmoid(x), v => -Math.Log(1 + Math.Exp(-v)), -25, 12),
        ["log_1_minus_exp"] = new((t, x) => t.Log1MinusExp(x), v => Math.Log(1 - Math.Exp(v)), -9, -0.05f),
        ["abs"] = new((t, x) => t.Abs(x), Math.Abs, -3, 3),
        ["sqrt"] = new((t, x) => t.Sqrt(x), Math.Sqrt, 0.1f, 9),
        ["square"] = new((t, x) => t.Square(x), v => v * v, -3, 3),
        ["clamp"] = new((t, x) => t.Clamp(x, -1, 0.5f), v => Math.Clamp(v, -1, 0.5), -3, 3),
        ["softcap"] = new((t, x) => t.Softcap(x, 2.5f), v => 2.5 * Math.Tanh(v / 2.5), -9, 9),
        ["scale"] = new((t, x) => t.Scale(x, -1.75f), v => -1.75 * v, -3, 3),
        ["add_scalar"] = new((t, x) => t.AddScalar(x, 0.375f), v => v + 0.375, -3, 3),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Value_and_slope_are_right(string name)
    {
        Case one = Cases[name];
        const int count = 37_003;
        Tensor x = Tensor.Create(count, requiresGrad: true);
        new RandomStream(1, name).FillUniform(x.Data, one.Min, one.Max);
        Tensor weights = Tensor.Create(count);
        new RandomStream(2, name).FillNormal(weights.Data, 0, 1);
        using WorkerPool workers = new(2);
        using Tape tape = new(workers);
        Tensor y = one.Operation(tape, x);
        float[] values = y.Data.ToArray();
        tape.Backward(y, weights.Data);
        float[] once = x.Grad.ToArray();
        for (int i = 0; i < count; i++)
        {
            double v = x.Data[i], slope = (one.Reference(v + 1e-6) - one.Reference(v - 1e-6)) / 2e-6 * weights.Data[i];
            Assert.True(Math.Abs(one.Reference(v) - values[i]) <= 3e-6 * (1 + Math.Abs(values[i])), $"f({v}): {one.Reference(v)} expected, {values[i]} found");
            bool kink = name is "relu" or "abs" or "clamp" && (Math.Abs(v) < 2e-6 || Math.Abs(v + 1) < 2e-6 || Math.Abs(v - 0.5) < 2e-6);
            Assert.True(kink || Math.Abs(slope - once[i]) <= 1e-5 * (1 + Math.Abs(slope)), $"f'({v}): {slope} expected, {once[i]} found");
        }
        tape.Backward(one.Operation(tape, x), weights.Data);
        for (int i = 0; i < count; i++) Assert.Equal(once[i] + once[i], x.Grad[i]);
    }

    [Fact]
    public void Clamp_gives_no_gradient_at_its_bounds_and_relu_none_at_zero()
    {
        using Tape tape = new();
        Tensor x = Tensor.From(3, [-1f, 0f, 0.5f], requiresGrad: true);
        tape.Backward(tape.Clamp(x, -1f, 0.5f), [1f, 1f, 1f]);
        Assert.Equal([0f, 1f, 0f], x.Grad);
        x.ClearGrad();
        tape.Backward(tape.Relu(x), [1f, 1f, 1f]);
        Assert.Equal([0f, 0f, 1f], x.Grad);
    }

    [Fact]
    public void Far_arguments_neither_overflow_nor_vanish_too_early()
    {
        using Tape tape = new();
        Tensor x = Tensor.From(4, [-200f, -60f, 60f, 200f], requiresGrad: true);
        foreach (Tensor y in new[] { tape.Silu(x), tape.Softplus(x), tape.LogSigmoid(x), tape.Gelu(x, GeluKind.Erf), tape.Gelu(x, GeluKind.Tanh), tape.Sigmoid(x) })
        {
            foreach (float value in y.Data) Assert.True(float.IsFinite(value));
            tape.Backward(tape.Sum(y));
            foreach (float slope in x.Grad) Assert.True(float.IsFinite(slope));
        }
        Assert.Equal(MathF.Exp(-60), tape.Softplus(x).Data[1], 1e-30f);
        Assert.Equal(-MathF.Exp(-60), tape.LogSigmoid(x).Data[2], 1e-30f);
    }

    // Trapezoidal integration of the density: independent of the series and fractions in the library.
    private static double NormalDistribution(double x)
    {
        const int steps = 400;
        double sum = 0, step = x / steps;
        for (int i = 0; i <= steps; i++) sum += (i is 0 or steps ? 0.5 : 1) * Math.Exp(-0.5 * i * step * i * step);
        // Euler and Maclaurin's first correction: h²/12 · (f'(x) - f'(0))
        return 0.5 + (sum * step + step * step / 12 * x * Math.Exp(-0.5 * x * x)) / Math.Sqrt(2 * Math.PI);
    }
}

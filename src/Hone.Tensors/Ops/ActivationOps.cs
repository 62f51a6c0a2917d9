using Hone.Tensors.Kernels;

namespace Hone.Tensors.Ops;

/// <summary>Which form of GELU.</summary>
public enum GeluKind
{
    /// <summary>x · Φ(x) with the exact normal distribution.</summary>
    Erf,

    /// <summary>The approximation with tanh (GPT-2's "gelu_new", Gemma's "gelu_pytorch_tanh").</summary>
    Tanh,
}

/// <summary>The non-linearity of an MLP block.</summary>
public enum Activation
{
    Silu,
    GeluErf,
    GeluTanh,
    Relu,
    ReluSquared,
}

/// <summary>Non-linearities, element by element.</summary>
public static class ActivationOps
{
    /// <summary>x · sigmoid(x). Elfwing et al. 2017, arXiv:1702.03118.</summary>
    public static Tensor Silu(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(ActivationFunction<Silu>));

    /// <summary>Gaussian error linear unit. Hendrycks and Gimpel 2016, arXiv:1606.08415.</summary>
    public static Tensor Gelu(this Tape tape, Tensor x, GeluKind kind) =>
        kind == GeluKind.Erf ? Unary.Apply(tape, x, default(ActivationFunction<GeluErf>)) : Unary.Apply(tape, x, default(ActivationFunction<GeluTanh>));

    /// <summary>max(x, 0); the derivative at 0 is 0.</summary>
    public static Tensor Relu(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(ActivationFunction<Relu>));

    /// <summary>max(x, 0)². So et al. 2021 (Primer), arXiv:2109.08668.</summary>
    public static Tensor ReluSquared(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(ActivationFunction<ReluSquared>));

    /// <summary>The named non-linearity.</summary>
    public static Tensor Activate(this Tape tape, Tensor x, Activation activation) => activation switch
    {
        Activation.Silu => tape.Silu(x),
        Activation.GeluErf => tape.Gelu(x, GeluKind.Erf),
        Activation.GeluTanh => tape.Gelu(x, GeluKind.Tanh),
        Activation.Relu => tape.Relu(x),
        Activation.ReluSquared => tape.ReluSquared(x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "not an activation"),
    };
}

internal readonly struct ActivationFunction<T> : IUnary where T : struct, IActivation
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => ActivationMath<T>.Forward(x, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx) => ActivationMath<T>.Backward(x, dy, dx);
}

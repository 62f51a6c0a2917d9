namespace Hone.Tensors.Ops;

/// <summary>Elementary functions, element by element.</summary>
public static class MathOps
{
    /// <summary>1 / (1 + exp(-x)).</summary>
    public static Tensor Sigmoid(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(SigmoidFunction));

    /// <summary>Hyperbolic tangent.</summary>
    public static Tensor Tanh(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(TanhFunction));

    /// <summary>e to the power of x.</summary>
    public static Tensor Exp(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(ExpFunction));

    /// <summary>Natural logarithm; NaN below 0.</summary>
    public static Tensor Log(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(LogFunction));

    /// <summary>log(1 + exp(x)), exact for large and small x alike.</summary>
    public static Tensor Softplus(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(SoftplusFunction));

    /// <summary>log(sigmoid(x)), exact for large and small x alike.</summary>
    public static Tensor LogSigmoid(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(LogSigmoidFunction));

    /// <summary>
    /// log(1 - exp(x)) for x below 0, without cancellation (Mächler 2012, "Accurately computing log(1 - exp(-|a|))", eq. 7). Where x is
    /// above <paramref name="limit"/> the limit stands in for it and no gradient flows: the function has a pole at 0.
    /// </summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">Logarithms of probabilities.</param>
    /// <param name="limit">Largest argument, below 0.</param>
    public static Tensor Log1MinusExp(this Tape tape, Tensor x, float limit = -1e-6f) =>
        limit < 0 ? Unary.Apply(tape, x, new Log1MinusExpFunction(limit)) : throw new ArgumentException($"log(1 - exp(x)): limit {limit}, a negative number is needed");

    /// <summary>|x|; the derivative at 0 is 0.</summary>
    public static Tensor Abs(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(AbsFunction));

    /// <summary>Square root; the derivative at 0 is infinite.</summary>
    public static Tensor Sqrt(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(SqrtFunction));

    /// <summary>x².</summary>
    public static Tensor Square(this Tape tape, Tensor x) => Unary.Apply(tape, x, default(SquareFunction));

    /// <summary>
    /// x limited to [min, max]; the gradient passes inside and is 0 beyond and at the bounds themselves, as of <see cref="ActivationOps.Relu"/>
    /// at 0 (PyTorch 2.15; earlier versions let it pass at the bounds).
    /// </summary>
    /// <exception cref="ArgumentException">min is above max.</exception>
    public static Tensor Clamp(this Tape tape, Tensor x, float min, float max) =>
        min <= max ? Unary.Apply(tape, x, new ClampFunction(min, max)) : throw new ArgumentException($"clamp: [{min}, {max}]");

    /// <summary>cap · tanh(x / cap). Gemma 2, arXiv:2408.00118, section 2.</summary>
    /// <exception cref="ArgumentException">The cap is not positive.</exception>
    public static Tensor Softcap(this Tape tape, Tensor x, float cap) =>
        cap > 0 ? Unary.Apply(tape, x, new SoftcapFunction(cap)) : throw new ArgumentException($"softcap: {cap}, a positive number is needed");

    /// <summary>The smaller of a and b, broadcasting; where they are equal each takes half of the gradient.</summary>
    public static Tensor Minimum(this Tape tape, Tensor a, Tensor b) => Binary.Apply(tape, a, b, new ExtremumFunction(-1));

    /// <summary>The larger of a and b, broadcasting; where they are equal each takes half of the gradient.</summary>
    public static Tensor Maximum(this Tape tape, Tensor a, Tensor b) => Binary.Apply(tape, a, b, new ExtremumFunction(1));
}

using System.Numerics.Tensors;

namespace Hone.Tensors.Ops;

internal readonly struct SigmoidFunction : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Sigmoid(x, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Subtract(1f, y, dx);
        TensorPrimitives.Multiply(dx, y, dx);
        TensorPrimitives.Multiply(dx, dy, dx);
    }
}

internal readonly struct TanhFunction : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Tanh(x, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Multiply(y, y, dx);
        TensorPrimitives.Subtract(1f, dx, dx);
        TensorPrimitives.Multiply(dx, dy, dx);
    }
}

internal readonly struct ExpFunction : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Exp(x, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx) =>
        TensorPrimitives.Multiply(dy, y, dx);
}

internal readonly struct LogFunction : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Log(x, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx) =>
        TensorPrimitives.Divide(dy, x, dx);
}

// The next three are computed in double: they act on one number per token or sequence, and what matters is that nothing
// is lost where exp(-|x|) is tiny.
internal readonly struct SoftplusFunction : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = (float)Value(x[i]);
    }

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Sigmoid(x, dx);
        TensorPrimitives.Multiply(dx, dy, dx);
    }

    internal static double Value(double x) => Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x)));

    /// <summary>log(1 + x) for small x too: the rounding of 1 + x cancels (Goldberg 1991, theorem 4).</summary>
    internal static double LogOnePlus(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * x / (sum - 1);
    }
}

internal readonly struct LogSigmoidFunction : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = (float)-SoftplusFunction.Value(-(double)x[i]);
    }

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Negate(x, dx);
        TensorPrimitives.Sigmoid(dx, dx);
        TensorPrimitives.Multiply(dx, dy, dx);
    }
}

internal readonly struct Log1MinusExpFunction(float limit) : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            double v = Math.Min(x[i], limit);
            y[i] = (float)(v > -Math.Log(2) ? Math.Log(-ExpMinusOne(v)) : SoftplusFunction.LogOnePlus(-Math.Exp(v)));
        }
    }

    // d/dx log(1 - e^x) = -e^x / (1 - e^x)
    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        for (int i = 0; i < x.Length; i++) dx[i] = x[i] > limit ? 0 : (float)(dy[i] * Math.Exp(x[i]) / ExpMinusOne(x[i]));
    }

    // Kahan's way: (u - 1) · x / log(u) with u = e^x
    private static double ExpMinusOne(double x)
    {
        double u = Math.Exp(x);
        return u == 1 ? x : u - 1 == -1 ? -1 : (u - 1) * x / Math.Log(u);
    }
}

internal readonly struct AbsFunction : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Abs(x, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        for (int i = 0; i < x.Length; i++) dx[i] = x[i] > 0 ? dy[i] : x[i] < 0 ? -dy[i] : 0;
    }
}

internal readonly struct SqrtFunction : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Sqrt(x, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Divide(dy, y, dx);
        TensorPrimitives.Multiply(dx, 0.5f, dx);
    }
}

internal readonly struct SquareFunction : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Multiply(x, x, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Multiply(dy, x, dx);
        TensorPrimitives.Multiply(dx, 2f, dx);
    }
}

internal readonly struct ClampFunction(float min, float max) : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Clamp(x, min, max, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        for (int i = 0; i < x.Length; i++) dx[i] = x[i] > min && x[i] < max ? dy[i] : 0;
    }
}

internal readonly struct SoftcapFunction(float cap) : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        TensorPrimitives.Divide(x, cap, y);
        TensorPrimitives.Tanh(y, y);
        TensorPrimitives.Multiply(y, cap, y);
    }

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Divide(y, cap, dx);
        TensorPrimitives.Multiply(dx, dx, dx);
        TensorPrimitives.Subtract(1f, dx, dx);
        TensorPrimitives.Multiply(dx, dy, dx);
    }
}

/// <summary>Maximum (sign 1) or minimum (sign -1).</summary>
internal readonly struct ExtremumFunction(int sign) : IBinary
{
    public void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y)
    {
        if (sign > 0) TensorPrimitives.Max(a, b, y);
        else TensorPrimitives.Min(a, b, y);
    }

    public void BackwardA(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> da) => Share(a, b, dy, da);

    public void BackwardB(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> db) => Share(b, a, dy, db);

    private void Share(ReadOnlySpan<float> own, ReadOnlySpan<float> other, ReadOnlySpan<float> dy, Span<float> target)
    {
        for (int i = 0; i < own.Length; i++)
            target[i] = own[i] == other[i] ? 0.5f * dy[i] : own[i] > other[i] == sign > 0 ? dy[i] : 0;
    }
}

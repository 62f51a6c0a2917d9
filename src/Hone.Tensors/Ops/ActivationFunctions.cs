using System.Numerics.Tensors;

namespace Hone.Tensors.Ops;

internal readonly struct Silu : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        TensorPrimitives.Sigmoid(x, y);
        TensorPrimitives.Multiply(x, y, y);
    }

    // f' = s + y - y·s with s = sigmoid(x), y = x·s
    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        Span<float> t = stackalloc float[Unary.Block];
        t = t[..x.Length];
        TensorPrimitives.Sigmoid(x, dx);
        TensorPrimitives.Multiply(y, dx, t);
        TensorPrimitives.Subtract(y, t, t);
        TensorPrimitives.Add(t, dx, t);
        TensorPrimitives.Multiply(t, dy, dx);
    }
}

internal readonly struct GeluErf : IUnary
{
    private const double RootHalf = 0.70710678118654752, RootTwoPi = 2.5066282746310002;

    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = (float)(0.5 * x[i] * ErrorFunction.Erfc(-x[i] * RootHalf));
    }

    // f' = Φ(x) + x·φ(x)
    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        for (int i = 0; i < x.Length; i++)
        {
            double v = x[i];
            double slope = 0.5 * ErrorFunction.Erfc(-v * RootHalf) + v * Math.Exp(-0.5 * v * v) / RootTwoPi;
            dx[i] = (float)(dy[i] * slope);
        }
    }
}

internal readonly struct GeluTanh : IUnary
{
    private const float Root = 0.7978845608f, Cubic = 0.044715f; // sqrt(2/π)

    // 0.5·x·(1 + tanh u) = x·sigmoid(2u) with u = sqrt(2/π)(x + 0.044715 x³)
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        Gate(x, y);
        TensorPrimitives.Multiply(x, y, y);
    }

    // f' = s + x·s·(1 - s)·2u'
    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        Span<float> s = stackalloc float[Unary.Block];
        s = s[..x.Length];
        Gate(x, s);
        TensorPrimitives.Multiply(x, x, dx);
        TensorPrimitives.Multiply(dx, 6 * Root * Cubic, dx);
        TensorPrimitives.Add(dx, 2 * Root, dx); // 2u'
        TensorPrimitives.Multiply(dx, x, dx);
        TensorPrimitives.Multiply(dx, s, dx);
        for (int i = 0; i < dx.Length; i++) dx[i] = s[i] == 0 ? 0 : dy[i] * (s[i] + dx[i] * (1 - s[i]));
    }

    private static void Gate(ReadOnlySpan<float> x, Span<float> s)
    {
        TensorPrimitives.Multiply(x, x, s);
        TensorPrimitives.Multiply(s, 2 * Root * Cubic, s);
        TensorPrimitives.Add(s, 2 * Root, s);
        TensorPrimitives.Multiply(s, x, s);
        TensorPrimitives.Sigmoid(s, s);
    }
}

internal readonly struct Relu : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Max(x, 0f, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        for (int i = 0; i < x.Length; i++) dx[i] = x[i] > 0 ? dy[i] : 0;
    }
}

internal readonly struct ReluSquared : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        TensorPrimitives.Max(x, 0f, y);
        TensorPrimitives.Multiply(y, y, y);
    }

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        TensorPrimitives.Max(x, 0f, dx);
        TensorPrimitives.Multiply(dx, 2f, dx);
        TensorPrimitives.Multiply(dx, dy, dx);
    }
}

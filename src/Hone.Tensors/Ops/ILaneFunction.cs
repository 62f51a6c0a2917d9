using System.Numerics;
using System.Runtime.CompilerServices;

namespace Hone.Tensors.Ops;

/// <summary>An element-wise function computed for a whole vector register at once, alone or together with its slope.</summary>
internal interface ILaneFunction
{
    /// <summary>f(x).</summary>
    static abstract Vector<float> Value(Vector<float> x);

    /// <summary>f(x) and f'(x), sharing what they have in common.</summary>
    static abstract void ValueAndSlope(Vector<float> x, out Vector<float> value, out Vector<float> slope);
}

/// <summary>x · sigmoid(x).</summary>
internal readonly struct Silu : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Value(Vector<float> x) => x / (Vector<float>.One + VectorExp.Of(-x));

    // f' = s + y - y·s with s = sigmoid(x), y = x·s
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope(Vector<float> x, out Vector<float> value, out Vector<float> slope)
    {
        Vector<float> gate = Vector<float>.One / (Vector<float>.One + VectorExp.Of(-x));
        value = x * gate;
        slope = gate + value - value * gate;
    }
}

/// <summary>x · (1 + tanh u) / 2 = x · sigmoid(2u), u = sqrt(2/π) (x + 0.044715 x³).</summary>
internal readonly struct GeluTanh : ILaneFunction
{
    private const float Linear = 1.5957691216f, Cubic = 0.0713548162726f; // 2·sqrt(2/π), and that times 0.044715

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Value(Vector<float> x) => x * Gate(Bounded(x));

    // f' = s + x·s·(1 - s)·2u'
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope(Vector<float> x, out Vector<float> value, out Vector<float> slope)
    {
        Vector<float> near = Bounded(x), gate = Gate(near);
        Vector<float> inner = new Vector<float>(Linear) + near * near * (3 * Cubic);
        value = x * gate;
        slope = gate + near * gate * (Vector<float>.One - gate) * inner;
    }

    // Beyond 30 the gate is 0 or 1 to the last bit; without the bound x³ would overflow and meet a zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Bounded(Vector<float> x) => Vector.Clamp(x, new Vector<float>(-30f), new Vector<float>(30f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Gate(Vector<float> x) => Vector<float>.One / (Vector<float>.One + VectorExp.Of(-x * (new Vector<float>(Linear) + x * x * Cubic)));
}

/// <summary>x · Φ(x).</summary>
internal readonly struct GeluErf : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Value(Vector<float> x) => x * NormalDistribution.Of(x, out _);

    // f' = Φ(x) + x·φ(x)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope(Vector<float> x, out Vector<float> value, out Vector<float> slope)
    {
        Vector<float> share = NormalDistribution.Of(x, out Vector<float> bell);
        value = x * share;
        slope = share + x * bell * NormalDistribution.InverseRootTwoPi;
    }
}

/// <summary>max(x, 0).</summary>
internal readonly struct Relu : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Value(Vector<float> x) => Vector.Max(x, Vector<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope(Vector<float> x, out Vector<float> value, out Vector<float> slope)
    {
        value = Value(x);
        slope = Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.One, Vector<float>.Zero);
    }
}

/// <summary>max(x, 0)².</summary>
internal readonly struct ReluSquared : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Value(Vector<float> x)
    {
        Vector<float> positive = Vector.Max(x, Vector<float>.Zero);
        return positive * positive;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope(Vector<float> x, out Vector<float> value, out Vector<float> slope)
    {
        Vector<float> positive = Vector.Max(x, Vector<float>.Zero);
        value = positive * positive;
        slope = positive + positive;
    }
}

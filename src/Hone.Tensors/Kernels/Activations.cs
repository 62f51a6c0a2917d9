using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels;

/// <summary>The non-linearity of an MLP, a vector at a time, alone or together with its slope.</summary>
internal interface IActivation
{
    /// <summary>f(x).</summary>
    static abstract TVector Value<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct;

    /// <summary>f(x) and f'(x), sharing what they have in common.</summary>
    static abstract TVector ValueAndSlope<TSimd, TVector>(TVector x, out TVector slope) where TSimd : struct, ISimd<TVector> where TVector : struct;
}

/// <summary>x · σ(x).</summary>
internal readonly struct Silu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        TSimd.Multiply(x, Elementary<TSimd, TVector>.Sigmoid(x));

    // f' = σ + x·σ·(1 - σ)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ValueAndSlope<TSimd, TVector>(TVector x, out TVector slope) where TSimd : struct, ISimd<TVector> where TVector : struct
    {
        TVector s = Elementary<TSimd, TVector>.Sigmoid(x), one = TSimd.Broadcast(1f);
        slope = TSimd.Multiply(s, TSimd.MultiplyAdd(x, TSimd.Subtract(one, s), one));
        return TSimd.Multiply(x, s);
    }
}

/// <summary>x · Φ(x).</summary>
internal readonly struct GeluErf : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        TSimd.Multiply(x, Elementary<TSimd, TVector>.NormalDistribution(x, out _));

    // f' = Φ(x) + x·φ(x)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ValueAndSlope<TSimd, TVector>(TVector x, out TVector slope) where TSimd : struct, ISimd<TVector> where TVector : struct
    {
        TVector distribution = Elementary<TSimd, TVector>.NormalDistribution(x, out TVector density);
        slope = TSimd.MultiplyAdd(TSimd.Multiply(x, TSimd.Broadcast(0.398942280f)), density, distribution);
        return TSimd.Multiply(x, distribution);
    }
}

/// <summary>½ x (1 + tanh u) = x · σ(2u) with u = √(2/π) (x + 0.044715 x³).</summary>
internal readonly struct GeluTanh : IActivation
{
    /// <summary>2√(2/π) and the factor of its cubic term.</summary>
    private const float Linear = 1.595769122f, Cubic = 1.595769122f * 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        TSimd.Multiply(x, Gate<TSimd, TVector>(x, TSimd.Multiply(x, x)));

    // f' = σ + x·σ·(1 - σ)·2u'
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ValueAndSlope<TSimd, TVector>(TVector x, out TVector slope) where TSimd : struct, ISimd<TVector> where TVector : struct
    {
        TVector square = TSimd.Multiply(x, x), s = Gate<TSimd, TVector>(x, square), one = TSimd.Broadcast(1f);
        TVector inner = TSimd.MultiplyAdd(square, TSimd.Broadcast(3 * Cubic), TSimd.Broadcast(Linear));
        // σ (1 - σ) vanishes faster than x · 2u' grows, but the latter overflows for huge x: multiply in this order.
        slope = TSimd.Add(s, TSimd.Multiply(TSimd.Multiply(TSimd.Multiply(s, TSimd.Subtract(one, s)), x), inner));
        return TSimd.Multiply(x, s);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Gate<TSimd, TVector>(TVector x, TVector square) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        Elementary<TSimd, TVector>.Sigmoid(TSimd.Multiply(x, TSimd.MultiplyAdd(square, TSimd.Broadcast(Cubic), TSimd.Broadcast(Linear))));
}

/// <summary>max(x, 0), whose slope at 0 is 0.</summary>
internal readonly struct Relu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct => TSimd.Max(TSimd.Zero, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ValueAndSlope<TSimd, TVector>(TVector x, out TVector slope) where TSimd : struct, ISimd<TVector> where TVector : struct
    {
        slope = TSimd.SelectLess(TSimd.Zero, x, TSimd.Broadcast(1f), TSimd.Zero);
        return TSimd.Max(TSimd.Zero, x);
    }
}

/// <summary>max(x, 0)².</summary>
internal readonly struct ReluSquared : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct
    {
        TVector positive = TSimd.Max(TSimd.Zero, x);
        return TSimd.Multiply(positive, positive);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ValueAndSlope<TSimd, TVector>(TVector x, out TVector slope) where TSimd : struct, ISimd<TVector> where TVector : struct
    {
        TVector positive = TSimd.Max(TSimd.Zero, x);
        slope = TSimd.Add(positive, positive);
        return TSimd.Multiply(positive, positive);
    }
}

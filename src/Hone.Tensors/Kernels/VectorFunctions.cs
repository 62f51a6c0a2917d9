using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels;

/// <summary>A function of one vector.</summary>
internal interface IFunction1
{
    static abstract TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct;
}

/// <summary>A function of two vectors.</summary>
internal interface IFunction2
{
    static abstract TVector Apply<TSimd, TVector>(TVector x, TVector y) where TSimd : struct, ISimd<TVector> where TVector : struct;
}

internal readonly struct ExpFunction1 : IFunction1
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        Elementary<TSimd, TVector>.Exp(x);
}

internal readonly struct SigmoidFunction1 : IFunction1
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        Elementary<TSimd, TVector>.Sigmoid(x);
}

internal readonly struct TanhFunction1 : IFunction1
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        Elementary<TSimd, TVector>.Tanh(x);
}

/// <summary>x · σ(x).</summary>
internal readonly struct SiluFunction : IFunction1
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        TSimd.Multiply(x, Elementary<TSimd, TVector>.Sigmoid(x));
}

/// <summary>dy · (σ + x·σ·(1 - σ)).</summary>
internal readonly struct SiluSlope : IFunction2
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x, TVector dy) where TSimd : struct, ISimd<TVector> where TVector : struct
    {
        TVector s = Elementary<TSimd, TVector>.Sigmoid(x), one = TSimd.Broadcast(1f);
        return TSimd.Multiply(dy, TSimd.Multiply(s, TSimd.MultiplyAdd(x, TSimd.Subtract(one, s), one)));
    }
}

/// <summary>x · Φ(x).</summary>
internal readonly struct GeluErfFunction : IFunction1
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        TSimd.Multiply(x, Elementary<TSimd, TVector>.NormalDistribution(x, out _));
}

/// <summary>dy · (Φ(x) + x·φ(x)).</summary>
internal readonly struct GeluErfSlope : IFunction2
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x, TVector dy) where TSimd : struct, ISimd<TVector> where TVector : struct
    {
        TVector distribution = Elementary<TSimd, TVector>.NormalDistribution(x, out TVector density);
        TVector slope = TSimd.MultiplyAdd(TSimd.Multiply(x, TSimd.Broadcast(0.398942280f)), density, distribution);
        return TSimd.Multiply(dy, slope);
    }
}

/// <summary>½ x (1 + tanh u) = x · σ(2u) with u = √(2/π) (x + 0.044715 x³).</summary>
internal readonly struct GeluTanhFunction : IFunction1
{
    /// <summary>2√(2/π) and the factor of its cubic term.</summary>
    public const float Linear = 1.595769122f, Cubic = 1.595769122f * 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        TSimd.Multiply(x, Gate<TSimd, TVector>(x, TSimd.Multiply(x, x)));

    /// <summary>σ(2u).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gate<TSimd, TVector>(TVector x, TVector square) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        Elementary<TSimd, TVector>.Sigmoid(
            TSimd.Multiply(x, TSimd.MultiplyAdd(square, TSimd.Broadcast(Cubic), TSimd.Broadcast(Linear))));
}

/// <summary>dy · (σ + x·σ·(1 - σ)·2u').</summary>
internal readonly struct GeluTanhSlope : IFunction2
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x, TVector dy) where TSimd : struct, ISimd<TVector> where TVector : struct
    {
        TVector square = TSimd.Multiply(x, x), s = GeluTanhFunction.Gate<TSimd, TVector>(x, square), one = TSimd.Broadcast(1f);
        TVector inner = TSimd.MultiplyAdd(
            square, TSimd.Broadcast(3 * GeluTanhFunction.Cubic), TSimd.Broadcast(GeluTanhFunction.Linear));
        // s (1 - s) vanishes faster than x · 2u' grows, but the latter overflows for huge x: multiply in this order.
        TVector bend = TSimd.Multiply(TSimd.Multiply(TSimd.Multiply(s, TSimd.Subtract(one, s)), x), inner);
        return TSimd.Multiply(dy, TSimd.Add(s, bend));
    }
}

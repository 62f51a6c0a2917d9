using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels;

/// <summary>A function of one vector.</summary>
internal interface IVectorFunction
{
    static abstract TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct;
}

internal readonly struct VectorExp : IVectorFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        Elementary<TSimd, TVector>.Exp(x);
}

internal readonly struct VectorSigmoid : IVectorFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        Elementary<TSimd, TVector>.Sigmoid(x);
}

internal readonly struct VectorTanh : IVectorFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TSimd, TVector>(TVector x) where TSimd : struct, ISimd<TVector> where TVector : struct =>
        Elementary<TSimd, TVector>.Tanh(x);
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels;

/// <summary>
/// Elementary functions over spans; results do not depend on where a span begins or how it is cut. Compiled
/// at full optimisation from the first call on. Results may overwrite arguments.
/// </summary>
public static unsafe class VectorMath
{
    /// <summary>y = e^x; within 2 units in the last place.</summary>
    public static void Exp(ReadOnlySpan<float> x, Span<float> y) => Map<VectorExp>(x, y);

    /// <summary>y = 1 / (1 + e^-x).</summary>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> y) => Map<VectorSigmoid>(x, y);

    /// <summary>y = tanh x.</summary>
    public static void Tanh(ReadOnlySpan<float> x, Span<float> y) => Map<VectorTanh>(x, y);

    /// <summary>Largest number of x, which is not empty and holds numbers only.</summary>
    public static float Max(ReadOnlySpan<float> x)
    {
        fixed (float* p = x)
        {
            if (Vector512.IsHardwareAccelerated) return MaxLoop<Simd512, Vector512<float>>(p, x.Length);
            if (Vector256.IsHardwareAccelerated) return MaxLoop<Simd256, Vector256<float>>(p, x.Length);
            if (Vector128.IsHardwareAccelerated) return MaxLoop<Simd128, Vector128<float>>(p, x.Length);
            return MaxLoop<SimdScalar, float>(p, x.Length);
        }
    }

    /// <summary>Replaces x by e^(x - shift) and returns the sum: the numerators of a softmax and their denominator.</summary>
    public static float ExpSum(Span<float> x, float shift)
    {
        fixed (float* p = x)
        {
            if (Vector512.IsHardwareAccelerated) return ExpSumLoop<Simd512, Vector512<float>>(p, x.Length, shift);
            if (Vector256.IsHardwareAccelerated) return ExpSumLoop<Simd256, Vector256<float>>(p, x.Length, shift);
            if (Vector128.IsHardwareAccelerated) return ExpSumLoop<Simd128, Vector128<float>>(p, x.Length, shift);
            return ExpSumLoop<SimdScalar, float>(p, x.Length, shift);
        }
    }

    private static void Map<TFunction>(ReadOnlySpan<float> x, Span<float> y) where TFunction : struct, IVectorFunction
    {
        Debug.Assert(y.Length >= x.Length);
        fixed (float* px = x, py = y)
        {
            if (Vector512.IsHardwareAccelerated) Loop<TFunction, Simd512, Vector512<float>>(px, py, x.Length);
            else if (Vector256.IsHardwareAccelerated) Loop<TFunction, Simd256, Vector256<float>>(px, py, x.Length);
            else if (Vector128.IsHardwareAccelerated) Loop<TFunction, Simd128, Vector128<float>>(px, py, x.Length);
            else Loop<TFunction, SimdScalar, float>(px, py, x.Length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<TFunction, TSimd, TVector>(float* x, float* y, nint count)
        where TFunction : struct, IVectorFunction
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        nint i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width) TSimd.Store(TFunction.Apply<TSimd, TVector>(TSimd.Load(x + i)), y + i);
        if (i == count) return;
        float* rest = stackalloc float[16];
        for (nint j = i; j < count; j++) rest[j - i] = x[j];
        TSimd.Store(TFunction.Apply<TSimd, TVector>(TSimd.Load(rest)), rest);
        for (nint j = i; j < count; j++) y[j] = rest[j - i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float MaxLoop<TSimd, TVector>(float* x, nint count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        nint i = 0;
        float largest = x[0];
        if (count >= TSimd.Width)
        {
            TVector max = TSimd.Load(x);
            for (i = TSimd.Width; i <= count - TSimd.Width; i += TSimd.Width) max = TSimd.Max(max, TSimd.Load(x + i));
            largest = TSimd.Largest(max);
        }
        for (; i < count; i++) largest = Math.Max(largest, x[i]);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float ExpSumLoop<TSimd, TVector>(float* x, nint count, float shift)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector sum = TSimd.Zero, minus = TSimd.Broadcast(-shift);
        nint i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector e = Elementary<TSimd, TVector>.Exp(TSimd.Add(TSimd.Load(x + i), minus));
            TSimd.Store(e, x + i);
            sum = TSimd.Add(sum, e);
        }
        if (i == count) return TSimd.Sum(sum);
        float* rest = stackalloc float[16];
        for (nint j = 0; j < 16; j++) rest[j] = i + j < count ? x[i + j] - shift : float.NegativeInfinity;
        TVector last = Elementary<TSimd, TVector>.Exp(TSimd.Load(rest));
        TSimd.Store(last, rest);
        for (nint j = i; j < count; j++) x[j] = rest[j - i];
        return TSimd.Sum(TSimd.Add(sum, last));
    }
}

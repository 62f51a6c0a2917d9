using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels;

/// <summary>
/// Elementary functions of one vector. Coefficients were fitted for this file by Chebyshev interpolation in double precision over
/// the stated intervals; the errors given are of the fit, before rounding to fp32.
/// </summary>
internal static class Elementary<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>e^x, within 2 units in the last place; 0 and infinity beyond the range, not-a-number kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp(TVector x)
    {
        x = TSimd.Min(TSimd.Broadcast(89f), TSimd.Max(TSimd.Broadcast(-104f), x));
        TVector n = TSimd.Round(TSimd.Multiply(x, TSimd.Broadcast(1.44269504f)));
        // x - n·log 2 in two steps: the first factor has few bits, so that its product with n is exact.
        TVector r = TSimd.MultiplyAdd(n, TSimd.Broadcast(-0.693359375f), x);
        r = TSimd.MultiplyAdd(n, TSimd.Broadcast(2.12194440e-4f), r);
        // (e^r - 1 - r) / r² on |r| ≤ 0.35, error of e^r 1.1e-8
        TVector p = TSimd.Broadcast(1.393454452e-3f);
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(8.363776467e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(4.166645678e-2f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(1.666657336e-1f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(5.000000014e-1f));
        p = TSimd.MultiplyAdd(p, TSimd.Multiply(r, r), TSimd.Add(r, TSimd.Broadcast(1f)));
        return TSimd.ScaleByPowerOf2(p, n);
    }

    /// <summary>1 / (1 + e^-x), within 3 units in the last place where it is not subnormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid(TVector x) =>
        TSimd.Divide(TSimd.Broadcast(1f), TSimd.Add(TSimd.Broadcast(1f), Exp(TSimd.Subtract(TSimd.Zero, x))));

    /// <summary>Hyperbolic tangent, within 3 units in the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh(TVector x)
    {
        // Away from zero 1 - 2 / (e^2x + 1); near it that would cancel, and a series takes over.
        TVector e = Exp(TSimd.Add(x, x));
        TVector far = TSimd.Subtract(TSimd.Broadcast(1f), TSimd.Divide(TSimd.Broadcast(2f), TSimd.Add(e, TSimd.Broadcast(1f))));
        // (tanh x / x - 1) / x² on x² ≤ 0.4, error of tanh 7e-10
        TVector z = TSimd.Multiply(x, x), p = TSimd.Broadcast(2.272704384e-3f);
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-8.326401728e-3f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(2.176363347e-2f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-5.395862418e-2f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(1.333330097e-1f));
        p = TSimd.MultiplyAdd(p, z, TSimd.Broadcast(-3.333333316e-1f));
        TVector near = TSimd.MultiplyAdd(TSimd.Multiply(p, z), x, x);
        return TSimd.SelectLess(z, TSimd.Broadcast(0.4f), near, far);
    }

    /// <summary>Φ(x) = ½ erfc(-x / √2), the normal distribution function; relative error below 1e-6 for x &gt; -5, growing with x².</summary>
    /// <param name="x">Arguments.</param>
    /// <param name="density">e^(-x²/2), of which the derivative of x · Φ(x) has need.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector NormalDistribution(TVector x, out TVector density)
    {
        TVector one = TSimd.Broadcast(1f), u = TSimd.Multiply(TSimd.Abs(x), TSimd.Broadcast(0.707106781f));
        density = Exp(TSimd.Multiply(TSimd.Multiply(x, x), TSimd.Broadcast(-0.5f)));
        TVector t = TSimd.Divide(TSimd.Broadcast(3f), TSimd.Add(TSimd.Broadcast(3f), u));
        // erfc(u) · e^(u²) / t with t = 3 / (3 + u) on 0 ≤ u ≤ 10, error 2e-9
        TVector p = TSimd.Broadcast(5.596083025e-02f);
        p = TSimd.MultiplyAdd(p, t, TSimd.Broadcast(-2.933738240e-01f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Broadcast(5.383842564e-01f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Broadcast(-4.444248222e-01f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Broadcast(4.059733924e-01f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Broadcast(-3.121681832e-03f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Broadcast(1.925213806e-01f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Broadcast(1.713505053e-01f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Broadcast(1.886946399e-01f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Broadcast(1.880353240e-01f));
        TVector tail = TSimd.Multiply(TSimd.Multiply(p, t), TSimd.Multiply(density, TSimd.Broadcast(0.5f)));
        return TSimd.SelectLess(x, TSimd.Zero, tail, TSimd.Subtract(one, tail));
    }
}

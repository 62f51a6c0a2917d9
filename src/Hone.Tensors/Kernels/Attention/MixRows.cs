using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels.Attention;

/// <summary>Weighted sums of value rows for one or two query heads at once.</summary>
internal static unsafe class MixRows<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>output[h] (+)= Σ_t weights[h][t] · values[t].</summary>
    /// <param name="values">[tokens, size].</param>
    /// <param name="tokens">At least 1.</param>
    /// <param name="size">D.</param>
    /// <param name="w0">[tokens] weights of the first head.</param>
    /// <param name="w1">[tokens] weights of the second head, or null.</param>
    /// <param name="output">[1 or 2, size].</param>
    /// <param name="accumulate">Adds to the output instead of overwriting it.</param>
    public static void Run(float* values, int tokens, int size, float* w0, float* w1, float* output, bool accumulate)
    {
        int d = 0;
        for (; d <= size - 4 * TSimd.Width; d += 4 * TSimd.Width)
        {
            if (w1 != null) Two(values + d, tokens, size, w0, w1, output + d, output + size + d, accumulate);
            else One(values + d, tokens, size, w0, output + d, accumulate);
        }
        if (d == size) return;
        Rest(values, tokens, size, d, w0, output, accumulate);
        if (w1 != null) Rest(values, tokens, size, d, w1, output + size, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(float* v, int tokens, nint step, float* w0, float* w1, float* y0, float* y1, bool accumulate)
    {
        TVector a0 = Start(y0, 0, accumulate), a1 = Start(y0, 1, accumulate), a2 = Start(y0, 2, accumulate), a3 = Start(y0, 3, accumulate);
        TVector b0 = Start(y1, 0, accumulate), b1 = Start(y1, 1, accumulate), b2 = Start(y1, 2, accumulate), b3 = Start(y1, 3, accumulate);
        for (int t = 0; t < tokens; t++, v += step)
        {
            TVector wa = TSimd.Broadcast(w0[t]), wb = TSimd.Broadcast(w1[t]);
            TVector x = TSimd.Load(v);
            a0 = TSimd.MultiplyAdd(wa, x, a0);
            b0 = TSimd.MultiplyAdd(wb, x, b0);
            x = TSimd.Load(v + TSimd.Width);
            a1 = TSimd.MultiplyAdd(wa, x, a1);
            b1 = TSimd.MultiplyAdd(wb, x, b1);
            x = TSimd.Load(v + 2 * TSimd.Width);
            a2 = TSimd.MultiplyAdd(wa, x, a2);
            b2 = TSimd.MultiplyAdd(wb, x, b2);
            x = TSimd.Load(v + 3 * TSimd.Width);
            a3 = TSimd.MultiplyAdd(wa, x, a3);
            b3 = TSimd.MultiplyAdd(wb, x, b3);
        }
        Finish(y0, a0, a1, a2, a3);
        Finish(y1, b0, b1, b2, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* v, int tokens, nint step, float* w, float* y, bool accumulate)
    {
        TVector a0 = Start(y, 0, accumulate), a1 = Start(y, 1, accumulate), a2 = Start(y, 2, accumulate), a3 = Start(y, 3, accumulate);
        for (int t = 0; t < tokens; t++, v += step)
        {
            TVector weight = TSimd.Broadcast(w[t]);
            a0 = TSimd.MultiplyAdd(weight, TSimd.Load(v), a0);
            a1 = TSimd.MultiplyAdd(weight, TSimd.Load(v + TSimd.Width), a1);
            a2 = TSimd.MultiplyAdd(weight, TSimd.Load(v + 2 * TSimd.Width), a2);
            a3 = TSimd.MultiplyAdd(weight, TSimd.Load(v + 3 * TSimd.Width), a3);
        }
        Finish(y, a0, a1, a2, a3);
    }

    private static void Rest(float* values, int tokens, int size, int from, float* w, float* y, bool accumulate)
    {
        if (!accumulate) new Span<float>(y + from, size - from).Clear();
        for (int t = 0; t < tokens; t++)
            for (int d = from; d < size; d++) y[d] += w[t] * values[t * size + d];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Start(float* y, int part, bool accumulate) => accumulate ? TSimd.Load(y + part * TSimd.Width) : TSimd.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(float* y, TVector a, TVector b, TVector c, TVector d)
    {
        TSimd.Store(a, y);
        TSimd.Store(b, y + TSimd.Width);
        TSimd.Store(c, y + 2 * TSimd.Width);
        TSimd.Store(d, y + 3 * TSimd.Width);
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Hone.Tensors.Kernels;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Ops;

/// <summary>
/// Inner loops over one row of softmax and attention, fused where TensorPrimitives would take several passes. Rows of attention have
/// 64 to 128 numbers, so what a call costs before its first number counts.
/// </summary>
internal static class RowLoops
{
    // The widest vector.
    private const int Width = 16;

    /// <summary>
    /// A row with the same number behind its end up to whole vectors, where there is room: the loops take as long for an incomplete vector as
    /// for several whole ones. Behind scores belongs -∞, since e^-∞ adds nothing to a sum.
    /// </summary>
    /// <param name="x">The row.</param>
    /// <param name="room">Floats of memory from its first on, which nobody needs behind the end.</param>
    /// <param name="value">What is written behind the end.</param>
    public static Span<float> Pad(Span<float> x, int room, float value)
    {
        Span<float> longer = MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(x), Padded(x.Length, room));
        longer[x.Length..].Fill(value);
        return longer;
    }

    /// <summary>Largest number; of an empty row -∞.</summary>
    public static float Max(ReadOnlySpan<float> x) => x.IsEmpty ? float.NegativeInfinity : VectorMath.Max(x);

    /// <summary>x ← exp(x - shift) in one pass; returns the sum, made in double from pieces of 512 numbers so that rows of a vocabulary lose nothing.</summary>
    public static float ExpSum(Span<float> x, float shift)
    {
        const int piece = 512;
        if (x.Length <= piece) return VectorMath.ExpSum(x, shift);
        double sum = 0;
        for (int start = 0; start < x.Length; start += piece) sum += VectorMath.ExpSum(x.Slice(start, Math.Min(piece, x.Length - start)), shift);
        return (float)sum;
    }

    /// <summary>How long <see cref="Pad"/> makes a row.</summary>
    public static int Padded(int count, int room)
    {
        int padded = (count + Width - 1) / Width * Width;
        return padded > room ? count : padded;
    }

    /// <summary>x ← (x - shift) · p.</summary>
    public static unsafe void Weigh(Span<float> x, float shift, ReadOnlySpan<float> p)
    {
        Debug.Assert(p.Length >= x.Length);
        fixed (float* px = x, pp = p)
        {
            if (Vector512.IsHardwareAccelerated) Weigh<Simd512, Vector512<float>>(px, shift, pp, x.Length);
            else if (Vector256.IsHardwareAccelerated) Weigh<Simd256, Vector256<float>>(px, shift, pp, x.Length);
            else if (Vector128.IsHardwareAccelerated) Weigh<Simd128, Vector128<float>>(px, shift, pp, x.Length);
            else Weigh<SimdScalar, float>(px, shift, pp, x.Length);
        }
    }

    /// <summary>y ← factor · x.</summary>
    public static unsafe void Scale(ReadOnlySpan<float> x, float factor, Span<float> y)
    {
        Debug.Assert(y.Length >= x.Length);
        fixed (float* px = x, py = y)
        {
            if (Vector512.IsHardwareAccelerated) Scale<Simd512, Vector512<float>>(px, factor, py, x.Length);
            else if (Vector256.IsHardwareAccelerated) Scale<Simd256, Vector256<float>>(px, factor, py, x.Length);
            else if (Vector128.IsHardwareAccelerated) Scale<Simd128, Vector128<float>>(px, factor, py, x.Length);
            else Scale<SimdScalar, float>(px, factor, py, x.Length);
        }
    }

    /// <summary>y ← y + factor · x.</summary>
    public static unsafe void AddScaled(ReadOnlySpan<float> x, float factor, Span<float> y)
    {
        Debug.Assert(y.Length >= x.Length);
        fixed (float* px = x, py = y)
        {
            if (Vector512.IsHardwareAccelerated) AddScaled<Simd512, Vector512<float>>(px, factor, py, x.Length);
            else if (Vector256.IsHardwareAccelerated) AddScaled<Simd256, Vector256<float>>(px, factor, py, x.Length);
            else if (Vector128.IsHardwareAccelerated) AddScaled<Simd128, Vector128<float>>(px, factor, py, x.Length);
            else AddScaled<SimdScalar, float>(px, factor, py, x.Length);
        }
    }

    private static unsafe void Weigh<TSimd, TVector>(float* x, float shift, float* p, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector subtract = TSimd.Broadcast(shift);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width) TSimd.Store(TSimd.Multiply(TSimd.Subtract(TSimd.Load(x + i), subtract), TSimd.Load(p + i)), x + i);
        for (; i < count; i++) x[i] = (x[i] - shift) * p[i];
    }

    private static unsafe void Scale<TSimd, TVector>(float* x, float factor, float* y, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector all = TSimd.Broadcast(factor);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width) TSimd.Store(TSimd.Multiply(TSimd.Load(x + i), all), y + i);
        for (; i < count; i++) y[i] = x[i] * factor;
    }

    private static unsafe void AddScaled<TSimd, TVector>(float* x, float factor, float* y, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector all = TSimd.Broadcast(factor);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width) TSimd.Store(TSimd.Add(TSimd.Load(y + i), TSimd.Multiply(TSimd.Load(x + i), all)), y + i);
        for (; i < count; i++) y[i] += x[i] * factor;
    }
}

using System.Numerics;
using Hone.Tensors.Kernels;

namespace Hone.Tensors.Ops;

/// <summary>
/// Inner loops over one row of softmax and attention, fused where TensorPrimitives would take several passes. Rows of attention have
/// 64 to 128 numbers, so what a call costs before its first number counts.
/// </summary>
internal static class RowLoops
{
    private static int Width => Vector<float>.Count;

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

    /// <summary>x ← (x - shift) · p.</summary>
    public static void Weigh(Span<float> x, float shift, ReadOnlySpan<float> p)
    {
        Vector<float> subtract = new(shift);
        int i = 0;
        for (; i <= x.Length - Width; i += Width) ((new Vector<float>(x[i..]) - subtract) * new Vector<float>(p[i..])).CopyTo(x[i..]);
        for (; i < x.Length; i++) x[i] = (x[i] - shift) * p[i];
    }

    /// <summary>y ← factor · x.</summary>
    public static void Scale(ReadOnlySpan<float> x, float factor, Span<float> y)
    {
        int i = 0;
        for (; i <= x.Length - Width; i += Width) (new Vector<float>(x[i..]) * factor).CopyTo(y[i..]);
        for (; i < x.Length; i++) y[i] = x[i] * factor;
    }

    /// <summary>y ← y + factor · x.</summary>
    public static void AddScaled(ReadOnlySpan<float> x, float factor, Span<float> y)
    {
        int i = 0;
        for (; i <= x.Length - Width; i += Width) (new Vector<float>(y[i..]) + new Vector<float>(x[i..]) * factor).CopyTo(y[i..]);
        for (; i < x.Length; i++) y[i] += x[i] * factor;
    }
}

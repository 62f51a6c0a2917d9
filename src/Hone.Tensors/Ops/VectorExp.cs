using System.Numerics;
using System.Runtime.CompilerServices;

namespace Hone.Tensors.Ops;

/// <summary>The exponential function in fp32 arithmetic, a vector register at a time.</summary>
internal static class VectorExp
{
    /// <summary>Below it the result is 0: e^-86.5 = 2.7e-38 is close to the smallest normal number.</summary>
    public const float Smallest = -86.5f;

    /// <summary>Above it the argument counts as this: e^88 = 1.7e38 is close to the largest number.</summary>
    public const float Largest = 88f;

    private const float LogTwoHigh = 0.693359375f, LogTwoLow = -2.12194440e-4f; // the first has 10 bits, so its product with n is exact
    private const float Magic = 12582912f; // 1.5 · 2^23: adding it rounds to an integer, which then stands in the low bits

    /// <summary>
    /// e^x = 2^n · e^r with n = round(x / ln 2): e^r is a polynomial of degree 6, interpolated at Chebyshev nodes of |r| ≤ ln 2 / 2, with a
    /// relative error of 2.6e-9; the result's, from fp32 rounding, is below 2e-7. The library's Vector.Exp computes in double and
    /// takes about three times as long.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Of(Vector<float> x)
    {
        Vector<float> bounded = Vector.MinNative(Vector.MaxNative(x, new Vector<float>(Smallest)), new Vector<float>(Largest));
        Vector<float> shifted = Vector.FusedMultiplyAdd(bounded, new Vector<float>(1.44269504f), new Vector<float>(Magic));
        Vector<float> n = shifted - new Vector<float>(Magic);
        Vector<float> r = Vector.FusedMultiplyAdd(n, new Vector<float>(-LogTwoHigh), bounded);
        r = Vector.FusedMultiplyAdd(n, new Vector<float>(-LogTwoLow), r);
        Vector<float> p = new(0.00139412131f);
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(0.0083752102f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(0.0416663516f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(0.166664145f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(0.500000005f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(1.00000004f));
        p = Vector.FusedMultiplyAdd(p, r, Vector<float>.One);
        Vector<float> scaled = Vector.AsVectorSingle(Vector.AsVectorInt32(p) + Vector.ShiftLeft(Vector.AsVectorInt32(shifted), 23));
        return Vector.ConditionalSelect(Vector.LessThan(x, new Vector<float>(Smallest)), Vector<float>.Zero, scaled);
    }
}

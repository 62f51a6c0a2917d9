using System.Numerics;
using System.Runtime.CompilerServices;

namespace Hone.Tensors.Ops;

/// <summary>The standard normal distribution, a vector at a time.</summary>
internal static class NormalDistribution
{
    /// <summary>1 / sqrt(2π).</summary>
    public const float InverseRootTwoPi = 0.3989422804f;

    /// <summary>
    /// Φ(x) = erfc(-x/√2) / 2 to about 1e-7 of its value. For z = |x|/√2 and t = 1/(1 + z/2), the function erfc(z)·exp(z²)/t is smooth on
    /// (0, 1]; the polynomial below interpolates it at 11 Chebyshev nodes, in the variable 2t - 1, with a relative error of 2.6e-8.
    /// </summary>
    /// <param name="x">Any numbers.</param>
    /// <param name="bell">exp(-x²/2), which the slope needs too.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Of(Vector<float> x, out Vector<float> bell)
    {
        bell = VectorExp.Of(x * x * -0.5f);
        Vector<float> t = Vector<float>.One / (Vector<float>.One + Vector.Abs(x) * 0.353553391f), u = t + t - Vector<float>.One;
        Vector<float> p = new(4.42884145e-05f);
        p = p * u + new Vector<float>(-3.67643617e-05f);
        p = p * u + new Vector<float>(-0.000304719086f);
        p = p * u + new Vector<float>(0.000431040022f);
        p = p * u + new Vector<float>(0.00153384704f);
        p = p * u + new Vector<float>(-0.00324373307f);
        p = p * u + new Vector<float>(-0.0107533109f);
        p = p * u + new Vector<float>(0.0182217491f);
        p = p * u + new Vector<float>(0.139735946f);
        p = p * u + new Vector<float>(0.343580313f);
        p = p * u + new Vector<float>(0.510791353f);
        Vector<float> tail = bell * t * p * 0.5f;
        return Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.One - tail, tail);
    }
}

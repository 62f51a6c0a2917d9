using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>Sums of four products of bytes in every 32-bit lane.</summary>
internal interface IByteDot
{
    /// <summary>Whether weights are used as signed bytes (quant - 128) rather than unsigned ones.</summary>
    static abstract bool SignedWeights { get; }

    /// <summary>sum + w0·x0 + w1·x1 + w2·x2 + w3·x3 in each of eight lanes.</summary>
    static abstract Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, Vector256<sbyte> x);
}

/// <summary>AVX-VNNI: one instruction.</summary>
internal readonly struct VnniDot : IByteDot
{
    public static bool SignedWeights => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, Vector256<sbyte> x) =>
        AvxVnni.MultiplyWideningAndAdd(sum, weights, x);
}

/// <summary>
/// AVX2 for 8-bit weights: pairs of products are summed in 16 bits, which magnitudes of weights times signed activations do not
/// overflow (2 · 128 · 127 is less than 2^15); the weight's sign moves to the activation.
/// </summary>
internal readonly struct Avx2Dot : IByteDot
{
    public static bool SignedWeights => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, Vector256<sbyte> x)
    {
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(Avx2.Abs(weights.AsSByte()), Avx2.Sign(x, weights.AsSByte()));
        return sum + Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);
    }
}

/// <summary>AVX2 for 4-bit weights, which are never negative.</summary>
internal readonly struct Avx2NibbleDot : IByteDot
{
    public static bool SignedWeights => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, Vector256<sbyte> x) =>
        sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(weights, x), Vector256<short>.One);
}

/// <summary>ARM's dot product instruction, on both halves.</summary>
internal readonly struct ArmDot : IByteDot
{
    public static bool SignedWeights => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, Vector256<sbyte> x) => Vector256.Create(
        Dp.DotProduct(sum.GetLower(), weights.GetLower().AsSByte(), x.GetLower()),
        Dp.DotProduct(sum.GetUpper(), weights.GetUpper().AsSByte(), x.GetUpper()));
}

/// <summary>Any machine: bytes of each lane are shifted out one after the other.</summary>
internal readonly struct PortableDot : IByteDot
{
    public static bool SignedWeights => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, Vector256<sbyte> x)
    {
        Vector256<int> w = weights.AsInt32(), v = x.AsInt32();
        sum += (w << 24 >> 24) * (v << 24 >> 24);
        sum += (w << 16 >> 24) * (v << 16 >> 24);
        sum += (w << 8 >> 24) * (v << 8 >> 24);
        return sum + (w >> 24) * (v >> 24);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hone.Tensors.Kernels.Cache;

/// <summary>Half-precision numbers to single precision, with vectors.</summary>
public static unsafe class HalfRows
{
    /// <summary>Exact for all finite numbers.</summary>
    /// <param name="half">[count] bits of IEEE half-precision numbers.</param>
    /// <param name="count">How many.</param>
    /// <param name="single">[count].</param>
    public static void ToSingle(ushort* half, int count, float* single)
    {
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
            for (; i <= count - 16; i += 16) Vector512.Store(Widen(Vector256.Load(half + i)), single + i);
        for (; i < count; i++) single[i] = (float)BitConverter.UInt16BitsToHalf(half[i]);
    }

    // Exponent and mantissa move to their places in a single; multiplying by 2^112 mends the bias, also for subnormal numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen(Vector256<ushort> half)
    {
        Vector512<uint> bits = Vector512.Create(Vector256.WidenLower(half), Vector256.WidenUpper(half));
        Vector512<float> magnitude = ((bits & Vector512.Create(0x7FFFu)) << 13).AsSingle() * Vector512.Create(5.192296858534828e33f);
        return (magnitude.AsUInt32() | ((bits & Vector512.Create(0x8000u)) << 16)).AsSingle();
    }
}

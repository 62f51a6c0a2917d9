using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>fp16 to fp32, for finite numbers.</summary>
internal static unsafe class HalfVectors
{
    // Moving the ten mantissa and five exponent bits into fp32's place scales the number by 2^(15 - 127); subnormals included.
    private const uint Rescale = (127 + 127 - 15) << 23;

    /// <summary>Sixteen numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load16(ushort* source)
    {
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(source));
        return Vector512.Create(Convert(low), Convert(high));
    }

    /// <summary>Eight numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load8(ushort* source)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load(source));
        return Convert(Vector256.Create(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Convert(Vector256<uint> half)
    {
        Vector256<uint> magnitude = (half & Vector256.Create(0x7FFFu)) << 13, sign = (half & Vector256.Create(0x8000u)) << 16;
        return ((magnitude.AsSingle() * Vector256.Create(Rescale).AsSingle()).AsUInt32() | sign).AsSingle();
    }
}

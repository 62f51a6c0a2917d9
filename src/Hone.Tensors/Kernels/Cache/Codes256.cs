using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hone.Tensors.Kernels.Cache;

/// <summary>Eight codes at a time.</summary>
internal static unsafe class Codes256
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Numbers(uint word, Vector256<uint> shifts, uint mask) =>
        Avx.ConvertToVector256Single((Avx2.ShiftRightLogicalVariable(Vector256.Create(word), shifts) & Vector256.Create(mask)).AsInt32());

    /// <summary>Codes of 2 bits.</summary>
    public readonly struct Two : ICodes<Vector256<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load(byte* row, int at) => Numbers(*(ushort*)(row + at / 4), Vector256.Create(0u, 2, 4, 6, 8, 10, 12, 14), 3);
    }

    /// <summary>Codes of 4 bits.</summary>
    public readonly struct Four : ICodes<Vector256<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load(byte* row, int at) => Numbers(*(uint*)(row + at / 2), Vector256.Create(0u, 4, 8, 12, 16, 20, 24, 28), 15);
    }

    /// <summary>Codes of 8 bits.</summary>
    public readonly struct Eight : ICodes<Vector256<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load(byte* row, int at) => Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(row + at));
    }
}

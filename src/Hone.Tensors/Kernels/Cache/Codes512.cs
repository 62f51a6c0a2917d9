using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hone.Tensors.Kernels.Cache;

/// <summary>Sixteen codes at a time.</summary>
internal static unsafe class Codes512
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Numbers(Vector512<uint> words, Vector512<uint> shifts, uint mask) =>
        Avx512F.ConvertToVector512Single((Avx512F.ShiftRightLogicalVariable(words, shifts) & Vector512.Create(mask)).AsInt32());

    /// <summary>Codes of 2 bits.</summary>
    public readonly struct Two : ICodes<Vector512<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load(byte* row, int at) => Numbers(
            Vector512.Create(*(uint*)(row + at / 4)), Vector512.Create(0u, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), 3);
    }

    /// <summary>Codes of 4 bits.</summary>
    public readonly struct Four : ICodes<Vector512<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load(byte* row, int at) => Numbers(
            Vector512.Create(Vector256.Create(*(uint*)(row + at / 2)), Vector256.Create(*(uint*)(row + at / 2 + 4))),
            Vector512.Create(0u, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28), 15);
    }

    /// <summary>Codes of 8 bits.</summary>
    public readonly struct Eight : ICodes<Vector512<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load(byte* row, int at) => Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load(row + at)));
    }
}

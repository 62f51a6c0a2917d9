using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>
/// Rounds rows of activations to int8, one scale for each 32 of them: scale = largest magnitude / 127, as llama.cpp does for
/// its Q8_0. Rows are grouped by <see cref="GroupRows"/>; a group is [blocks, rows of the group] of <see cref="ActivationBlock"/>,
/// so that a kernel reaches all its rows from one address. For products of more precision each row becomes three: what
/// the first rounds away is the second, in steps 254 times as small, and so on; the sum of the three has the 24 bits of fp32.
/// </summary>
internal static unsafe class ActivationQuantizer
{
    /// <summary>Rows that are multiplied together.</summary>
    public const int GroupRows = 8;

    /// <summary>Int8 rows that one row becomes for precise products, and how many of them are multiplied together.</summary>
    public const int Parts = 3, PreciseGroupRows = 6;

    /// <summary>Bytes for <paramref name="rows"/> int8 rows of <paramref name="width"/> activations.</summary>
    public static long Bytes(int rows, int width) => (long)rows * (width / PanelLayout.Block) * ActivationBlock.Bytes;

    /// <summary>Where the group that starts at row <paramref name="first"/> begins.</summary>
    public static ActivationBlock* Group(ActivationBlock* start, int first, int width) => start + (nint)first * (width / PanelLayout.Block);

    /// <summary>Quantises one block into <see cref="Parts"/>, which lie one after the other.</summary>
    public static void QuantizeParts(float* x, ActivationBlock* block)
    {
        float* rest = stackalloc float[PanelLayout.Block];
        Quantize(x, block);
        Rest(x, block, rest);
        Quantize(rest, block + 1);
        Rest(rest, block + 1, rest);
        Quantize(rest, block + 2);
    }

    /// <summary>What rounding took away.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rest(float* x, ActivationBlock* block, float* rest)
    {
        Vector256<float> scale = Vector256.Create(block->Scale);
        for (int k = 0; k < PanelLayout.Block; k += 8)
        {
            Vector256<int> quants = Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(long*)(block->Quants + k)).AsSByte()).ToVector256Unsafe());
            (Vector256.Load(x + k) - Vector256.ConvertToSingle(quants) * scale).Store(rest + k);
        }
    }

    /// <summary>Quantises one block.</summary>
    public static void Quantize(float* x, ActivationBlock* block)
    {
        if (Avx512F.IsSupported) Quantize512(x, block);
        else QuantizePortable(x, block);
    }

    /// <summary>The same in the instructions that every processor has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void QuantizePortable(float* x, ActivationBlock* block)
    {
        Vector256<float> a = Vector256.Load(x), b = Vector256.Load(x + 8), c = Vector256.Load(x + 16), d = Vector256.Load(x + 24);
        float scale = Largest(Vector256.Max(Vector256.Abs(a), Vector256.Abs(b)), Vector256.Max(Vector256.Abs(c), Vector256.Abs(d))) / 127f, inverse = scale == 0f ? 0f : 1f / scale;
        Vector256<int> ia = Round(a, inverse), ib = Round(b, inverse), ic = Round(c, inverse), id = Round(d, inverse);
        Vector256.Narrow(Vector256.Narrow(ia, ib), Vector256.Narrow(ic, id)).Store(block->Quants);
        Finish(block, scale, Vector256.Sum(ia + ib + (ic + id)));
    }

    /// <summary>Conversion rounds to nearest by itself, and narrows without a detour: a third of the instructions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize512(float* x, ActivationBlock* block)
    {
        Vector512<float> a = Vector512.Load(x), b = Vector512.Load(x + 16);
        Vector512<float> largest = Vector512.Max(Vector512.Abs(a), Vector512.Abs(b));
        float scale = Largest(largest.GetLower(), largest.GetUpper()) / 127f, inverse = scale == 0f ? 0f : 1f / scale;
        Vector512<int> ia = Avx512F.ConvertToVector512Int32(a * inverse), ib = Avx512F.ConvertToVector512Int32(b * inverse);
        Avx512F.ConvertToVector128SByte(ia).Store(block->Quants);
        Avx512F.ConvertToVector128SByte(ib).Store(block->Quants + 16);
        Finish(block, scale, Vector512.Sum(ia + ib));
    }

    /// <summary>Not a number if one of them is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector256<float> a, Vector256<float> b)
    {
        Vector256<float> all = Vector256.Max(a, b);
        Vector128<float> half = Vector128.Max(all.GetLower(), all.GetUpper());
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(1, 0, 3, 2)));
        return half.ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(ActivationBlock* block, float scale, int sum)
    {
        block->Scale = scale;
        block->ScaledSum = scale * sum;
        block->MinusSum128 = -128 * sum;
        block->MinusSum8 = -8 * sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(Vector256<float> x, float inverse) => Vector256.ConvertToInt32(Vector256.Round(x * inverse));
}

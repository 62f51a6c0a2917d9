using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hone.Tensors.Kernels.Cache;

/// <summary>
/// <see cref="CodeRows"/> with 256-bit vectors: each group of 8 codes is shifted apart, turned into numbers once, and used for up to
/// four query heads.
/// </summary>
internal static unsafe class CodeKernels256
{
    private const int Lanes = 8, BlockRows = 128;

    private static readonly Vector256<uint> Shifts4 = Vector256.Create(0u, 4, 8, 12, 16, 20, 24, 28);
    private static readonly Vector256<uint> Shifts2 = Vector256.Create(0u, 2, 4, 6, 8, 10, 12, 14);

    public static void Dot(in CodeRows rows, int count, float* queries, nint queryStride, int heads, float* scores, nint scoreStride)
    {
        switch (rows.Bits)
        {
            case 2: Dot<Two>(rows, count, queries, queryStride, heads, scores, scoreStride); break;
            case 4: Dot<Four>(rows, count, queries, queryStride, heads, scores, scoreStride); break;
            default: Dot<Eight>(rows, count, queries, queryStride, heads, scores, scoreStride); break;
        }
    }

    public static void Mix(in CodeRows rows, int count, float* weights, nint weightStride, int heads, float* output, nint outputStride)
    {
        switch (rows.Bits)
        {
            case 2: Mix<Two>(rows, count, weights, weightStride, heads, output, outputStride); break;
            case 4: Mix<Four>(rows, count, weights, weightStride, heads, output, outputStride); break;
            default: Mix<Eight>(rows, count, weights, weightStride, heads, output, outputStride); break;
        }
    }

    // Heads that are not there repeat the first: their sums cost less than a branch for each number.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dot<TCode>(in CodeRows rows, int count, float* q0, nint queryStride, int heads, float* scores, nint scoreStride)
        where TCode : struct, ICode
    {
        float* q1 = heads > 1 ? q0 + queryStride : q0, q2 = heads > 2 ? q0 + 2 * queryStride : q0, q3 = heads > 3 ? q0 + 3 * queryStride : q0;
        byte* row = rows.Codes;
        for (int t = 0; t < count; t++, row += rows.Stride)
        {
            Vector256<float> a = Vector256<float>.Zero, b = a, c = a, e = a;
            for (int d = 0; d < rows.Size; d += Lanes)
            {
                Vector256<float> x = TCode.Load(row, d);
                a = Fma.MultiplyAdd(Vector256.Load(q0 + d), x, a);
                b = Fma.MultiplyAdd(Vector256.Load(q1 + d), x, b);
                c = Fma.MultiplyAdd(Vector256.Load(q2 + d), x, c);
                e = Fma.MultiplyAdd(Vector256.Load(q3 + d), x, e);
            }
            Vector128<float> sums = Sums(a, b, c, e);
            scores[t] = sums[0];
            if (heads > 1) scores[scoreStride + t] = sums[1];
            if (heads > 2) scores[2 * scoreStride + t] = sums[2];
            if (heads > 3) scores[3 * scoreStride + t] = sums[3];
        }
    }

    /// <summary>The sums of four vectors, for little more than the price of one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        Vector256<float> all = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
        return all.GetLower() + all.GetUpper();
    }

    // Blocks of rows, so that the codes of a block are still in the nearest cache when the next columns are mixed.
    private static void Mix<TCode>(in CodeRows rows, int count, float* weights, nint weightStride, int heads, float* output, nint outputStride)
        where TCode : struct, ICode
    {
        float* zeros = stackalloc float[BlockRows];
        new Span<float>(zeros, BlockRows).Clear();
        for (int t = 0; t < count; t += BlockRows)
        {
            int block = Math.Min(BlockRows, count - t);
            float* w0 = weights + t, w1 = heads > 1 ? w0 + weightStride : zeros, w2 = heads > 2 ? w0 + 2 * weightStride : zeros;
            float* w3 = heads > 3 ? w0 + 3 * weightStride : zeros;
            for (int d = 0; d < rows.Size; d += Lanes)
                Columns<TCode>(rows.Codes + t * rows.Stride, rows.Stride, d, block, w0, w1, w2, w3, heads, output + d, outputStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns<TCode>(
        byte* row, nint stride, int column, int rows, float* w0, float* w1, float* w2, float* w3, int heads, float* y, nint outputStride)
        where TCode : struct, ICode
    {
        Vector256<float> a = Vector256<float>.Zero, b = a, c = a, e = a;
        for (int t = 0; t < rows; t++, row += stride)
        {
            Vector256<float> x = TCode.Load(row, column);
            a = Fma.MultiplyAdd(Vector256.Create(w0[t]), x, a);
            b = Fma.MultiplyAdd(Vector256.Create(w1[t]), x, b);
            c = Fma.MultiplyAdd(Vector256.Create(w2[t]), x, c);
            e = Fma.MultiplyAdd(Vector256.Create(w3[t]), x, e);
        }
        Add(a, y);
        if (heads > 1) Add(b, y + outputStride);
        if (heads > 2) Add(c, y + 2 * outputStride);
        if (heads > 3) Add(e, y + 3 * outputStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<float> sum, float* y) => Vector256.Store(Vector256.Load(y) + sum, y);

    private interface ICode
    {
        static abstract Vector256<float> Load(byte* row, int at);
    }

    private readonly struct Two : ICode
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load(byte* row, int at) => Avx.ConvertToVector256Single((Avx2.ShiftRightLogicalVariable(Vector256.Create((uint)*(ushort*)(row + at / 4)), Shifts2) & Vector256.Create(3u)).AsInt32());
    }

    private readonly struct Four : ICode
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load(byte* row, int at) => Avx.ConvertToVector256Single((Avx2.ShiftRightLogicalVariable(Vector256.Create(*(uint*)(row + at / 2)), Shifts4) & Vector256.Create(15u)).AsInt32());
    }

    private readonly struct Eight : ICode
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load(byte* row, int at) => Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(row + at));
    }
}

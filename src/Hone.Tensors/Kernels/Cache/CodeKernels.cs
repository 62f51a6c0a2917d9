using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels.Cache;

/// <summary>
/// The fast loops of <see cref="CodeRows"/>: each group of codes is shifted apart, turned into numbers once, and used for up to four
/// query heads. One text for all widths and numbers of bits; the JIT makes one loop of each.
/// </summary>
internal static unsafe class CodeKernels
{
    private const int BlockRows = 128;

    /// <inheritdoc cref="CodeRows.Dot"/>
    public static void Dot(in CodeRows rows, int count, float* queries, nint queryStride, int heads, float* scores, nint scoreStride)
    {
        if (Avx512F.IsSupported)
            switch (rows.Bits)
            {
                case 2: Dot<Simd512, Vector512<float>, Codes512.Two>(rows, count, queries, queryStride, heads, scores, scoreStride); break;
                case 4: Dot<Simd512, Vector512<float>, Codes512.Four>(rows, count, queries, queryStride, heads, scores, scoreStride); break;
                default: Dot<Simd512, Vector512<float>, Codes512.Eight>(rows, count, queries, queryStride, heads, scores, scoreStride); break;
            }
        else
            switch (rows.Bits)
            {
                case 2: Dot<Simd256, Vector256<float>, Codes256.Two>(rows, count, queries, queryStride, heads, scores, scoreStride); break;
                case 4: Dot<Simd256, Vector256<float>, Codes256.Four>(rows, count, queries, queryStride, heads, scores, scoreStride); break;
                default: Dot<Simd256, Vector256<float>, Codes256.Eight>(rows, count, queries, queryStride, heads, scores, scoreStride); break;
            }
    }

    /// <inheritdoc cref="CodeRows.Mix"/>
    public static void Mix(in CodeRows rows, int count, float* weights, nint weightStride, int heads, float* output, nint outputStride)
    {
        if (Avx512F.IsSupported)
            switch (rows.Bits)
            {
                case 2: Mix<Simd512, Vector512<float>, Codes512.Two>(rows, count, weights, weightStride, heads, output, outputStride); break;
                case 4: Mix<Simd512, Vector512<float>, Codes512.Four>(rows, count, weights, weightStride, heads, output, outputStride); break;
                default: Mix<Simd512, Vector512<float>, Codes512.Eight>(rows, count, weights, weightStride, heads, output, outputStride); break;
            }
        else
            switch (rows.Bits)
            {
                case 2: Mix<Simd256, Vector256<float>, Codes256.Two>(rows, count, weights, weightStride, heads, output, outputStride); break;
                case 4: Mix<Simd256, Vector256<float>, Codes256.Four>(rows, count, weights, weightStride, heads, output, outputStride); break;
                default: Mix<Simd256, Vector256<float>, Codes256.Eight>(rows, count, weights, weightStride, heads, output, outputStride); break;
            }
    }

    // Heads that are not there repeat the first: their sums cost less than a branch for each number.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dot<TSimd, TVector, TCode>(
        in CodeRows rows, int count, float* q0, nint queryStride, int heads, float* scores, nint scoreStride)
        where TVector : struct
        where TSimd : struct, ISimd<TVector>
        where TCode : struct, ICodes<TVector>
    {
        float* q1 = heads > 1 ? q0 + queryStride : q0, q2 = heads > 2 ? q0 + 2 * queryStride : q0, q3 = heads > 3 ? q0 + 3 * queryStride : q0;
        byte* row = rows.Codes;
        for (int t = 0; t < count; t++, row += rows.Stride)
        {
            TVector a = TSimd.Zero, b = a, c = a, e = a;
            for (int d = 0; d < rows.Size; d += TSimd.Width)
            {
                TVector x = TCode.Load(row, d);
                a = TSimd.MultiplyAdd(TSimd.Load(q0 + d), x, a);
                b = TSimd.MultiplyAdd(TSimd.Load(q1 + d), x, b);
                c = TSimd.MultiplyAdd(TSimd.Load(q2 + d), x, c);
                e = TSimd.MultiplyAdd(TSimd.Load(q3 + d), x, e);
            }
            Vector128<float> sums = TSimd.Sum4(a, b, c, e);
            scores[t] = sums[0];
            if (heads > 1) scores[scoreStride + t] = sums[1];
            if (heads > 2) scores[2 * scoreStride + t] = sums[2];
            if (heads > 3) scores[3 * scoreStride + t] = sums[3];
        }
    }

    // Blocks of rows, so that the codes of a block are still in the nearest cache when the next columns are mixed.
    private static void Mix<TSimd, TVector, TCode>(
        in CodeRows rows, int count, float* weights, nint weightStride, int heads, float* output, nint outputStride)
        where TVector : struct
        where TSimd : struct, ISimd<TVector>
        where TCode : struct, ICodes<TVector>
    {
        float* zeros = stackalloc float[BlockRows];
        new Span<float>(zeros, BlockRows).Clear();
        for (int t = 0; t < count; t += BlockRows)
        {
            int block = Math.Min(BlockRows, count - t);
            float* w0 = weights + t, w1 = heads > 1 ? w0 + weightStride : zeros, w2 = heads > 2 ? w0 + 2 * weightStride : zeros;
            float* w3 = heads > 3 ? w0 + 3 * weightStride : zeros;
            for (int d = 0; d < rows.Size; d += TSimd.Width)
                Columns<TSimd, TVector, TCode>(rows.Codes + t * rows.Stride, rows.Stride, d, block, w0, w1, w2, w3, heads, output + d, outputStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns<TSimd, TVector, TCode>(
        byte* row, nint stride, int column, int rows, float* w0, float* w1, float* w2, float* w3, int heads, float* y, nint outputStride)
        where TVector : struct
        where TSimd : struct, ISimd<TVector>
        where TCode : struct, ICodes<TVector>
    {
        TVector a = TSimd.Zero, b = a, c = a, e = a;
        for (int t = 0; t < rows; t++, row += stride)
        {
            TVector x = TCode.Load(row, column);
            a = TSimd.MultiplyAdd(TSimd.Broadcast(w0[t]), x, a);
            b = TSimd.MultiplyAdd(TSimd.Broadcast(w1[t]), x, b);
            c = TSimd.MultiplyAdd(TSimd.Broadcast(w2[t]), x, c);
            e = TSimd.MultiplyAdd(TSimd.Broadcast(w3[t]), x, e);
        }
        Add<TSimd, TVector>(a, y);
        if (heads > 1) Add<TSimd, TVector>(b, y + outputStride);
        if (heads > 2) Add<TSimd, TVector>(c, y + 2 * outputStride);
        if (heads > 3) Add<TSimd, TVector>(e, y + 3 * outputStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TSimd, TVector>(TVector sum, float* y)
        where TVector : struct
        where TSimd : struct, ISimd<TVector> => TSimd.Store(TSimd.Add(TSimd.Load(y), sum), y);
}

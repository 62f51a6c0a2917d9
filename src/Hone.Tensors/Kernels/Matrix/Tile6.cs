using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>6 rows by 2 vectors of C: 12 sums in registers, for machines with 16 of them (AVX2, SSE).</summary>
internal readonly unsafe struct Tile6<TSimd, TVector> : ITile
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int Rows => 6;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate, float* bias)
    {
        TVector c0l = TSimd.Zero, c0r = TSimd.Zero;
        TVector c1l = TSimd.Zero, c1r = TSimd.Zero;
        TVector c2l = TSimd.Zero, c2r = TSimd.Zero;
        TVector c3l = TSimd.Zero, c3r = TSimd.Zero;
        TVector c4l = TSimd.Zero, c4r = TSimd.Zero;
        TVector c5l = TSimd.Zero, c5r = TSimd.Zero;
        nint twoRows = 2 * aRow;
        float* group3 = a + 3 * aRow;
        float* end = b + k * bStep;
        do
        {
            TVector left = TSimd.Load(b), right = TSimd.Load(b + TSimd.Width);
            b += bStep;
            TVector a0 = TSimd.Broadcast(*a);
            c0l = TSimd.MultiplyAdd(a0, left, c0l);
            c0r = TSimd.MultiplyAdd(a0, right, c0r);
            TVector a1 = TSimd.Broadcast(a[aRow]);
            c1l = TSimd.MultiplyAdd(a1, left, c1l);
            c1r = TSimd.MultiplyAdd(a1, right, c1r);
            TVector a2 = TSimd.Broadcast(a[twoRows]);
            c2l = TSimd.MultiplyAdd(a2, left, c2l);
            c2r = TSimd.MultiplyAdd(a2, right, c2r);
            TVector a3 = TSimd.Broadcast(*group3);
            c3l = TSimd.MultiplyAdd(a3, left, c3l);
            c3r = TSimd.MultiplyAdd(a3, right, c3r);
            TVector a4 = TSimd.Broadcast(group3[aRow]);
            c4l = TSimd.MultiplyAdd(a4, left, c4l);
            c4r = TSimd.MultiplyAdd(a4, right, c4r);
            TVector a5 = TSimd.Broadcast(group3[twoRows]);
            c5l = TSimd.MultiplyAdd(a5, left, c5l);
            c5r = TSimd.MultiplyAdd(a5, right, c5r);
            a += aStep;
            group3 += aStep;
        }
        while (b != end);
        TileStore.Row<TSimd, TVector>(c0l, c0r, c, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c1l, c1r, c + ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c2l, c2r, c + 2 * ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c3l, c3r, c + 3 * ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c4l, c4r, c + 4 * ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c5l, c5r, c + 5 * ldc, accumulate, bias);
    }
}

using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>8 rows by 2 vectors of C, for what 12-row tiles leave over.</summary>
internal readonly unsafe struct Tile8<TSimd, TVector> : ITile
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int Rows => 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate, float* bias)
    {
        TVector c0l = TSimd.Zero, c0r = TSimd.Zero;
        TVector c1l = TSimd.Zero, c1r = TSimd.Zero;
        TVector c2l = TSimd.Zero, c2r = TSimd.Zero;
        TVector c3l = TSimd.Zero, c3r = TSimd.Zero;
        TVector c4l = TSimd.Zero, c4r = TSimd.Zero;
        TVector c5l = TSimd.Zero, c5r = TSimd.Zero;
        TVector c6l = TSimd.Zero, c6r = TSimd.Zero;
        TVector c7l = TSimd.Zero, c7r = TSimd.Zero;
        nint twoRows = 2 * aRow;
        float* group3 = a + 3 * aRow, group6 = a + 6 * aRow;
        float* end = b + k * bStep;
        TileStore.Fetch<TSimd, TVector>(c, ldc, Rows);
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
            TVector a6 = TSimd.Broadcast(*group6);
            c6l = TSimd.MultiplyAdd(a6, left, c6l);
            c6r = TSimd.MultiplyAdd(a6, right, c6r);
            TVector a7 = TSimd.Broadcast(group6[aRow]);
            c7l = TSimd.MultiplyAdd(a7, left, c7l);
            c7r = TSimd.MultiplyAdd(a7, right, c7r);
            a += aStep;
            group3 += aStep;
            group6 += aStep;
        }
        while (b != end);
        TileStore.Row<TSimd, TVector>(c0l, c0r, c, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c1l, c1r, c + ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c2l, c2r, c + 2 * ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c3l, c3r, c + 3 * ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c4l, c4r, c + 4 * ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c5l, c5r, c + 5 * ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c6l, c6r, c + 6 * ldc, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c7l, c7r, c + 7 * ldc, accumulate, bias);
    }

    public static bool HasHalf => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunHalf(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate, float* bias)
    {
        TVector c0 = TSimd.Zero, c1 = TSimd.Zero, c2 = TSimd.Zero, c3 = TSimd.Zero;
        TVector c4 = TSimd.Zero, c5 = TSimd.Zero, c6 = TSimd.Zero, c7 = TSimd.Zero;
        nint twoRows = 2 * aRow;
        float* group3 = a + 3 * aRow, group6 = a + 6 * aRow;
        float* end = b + k * bStep;
        do
        {
            TVector line = TSimd.Load(b);
            b += bStep;
            c0 = TSimd.MultiplyAdd(TSimd.Broadcast(*a), line, c0);
            c1 = TSimd.MultiplyAdd(TSimd.Broadcast(a[aRow]), line, c1);
            c2 = TSimd.MultiplyAdd(TSimd.Broadcast(a[twoRows]), line, c2);
            c3 = TSimd.MultiplyAdd(TSimd.Broadcast(*group3), line, c3);
            c4 = TSimd.MultiplyAdd(TSimd.Broadcast(group3[aRow]), line, c4);
            c5 = TSimd.MultiplyAdd(TSimd.Broadcast(group3[twoRows]), line, c5);
            c6 = TSimd.MultiplyAdd(TSimd.Broadcast(*group6), line, c6);
            c7 = TSimd.MultiplyAdd(TSimd.Broadcast(group6[aRow]), line, c7);
            a += aStep;
            group3 += aStep;
            group6 += aStep;
        }
        while (b != end);
        TileStore.Half<TSimd, TVector>(c0, c, accumulate, bias);
        TileStore.Half<TSimd, TVector>(c1, c + ldc, accumulate, bias);
        TileStore.Half<TSimd, TVector>(c2, c + 2 * ldc, accumulate, bias);
        TileStore.Half<TSimd, TVector>(c3, c + 3 * ldc, accumulate, bias);
        TileStore.Half<TSimd, TVector>(c4, c + 4 * ldc, accumulate, bias);
        TileStore.Half<TSimd, TVector>(c5, c + 5 * ldc, accumulate, bias);
        TileStore.Half<TSimd, TVector>(c6, c + 6 * ldc, accumulate, bias);
        TileStore.Half<TSimd, TVector>(c7, c + 7 * ldc, accumulate, bias);
    }
}

using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>2 rows by 2 vectors of C, for what taller tiles leave over.</summary>
internal readonly unsafe struct Tile2<TSimd, TVector> : ITile
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int Rows => 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate, float* bias)
    {
        TVector c0l = TSimd.Zero, c0r = TSimd.Zero;
        TVector c1l = TSimd.Zero, c1r = TSimd.Zero;
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
            a += aStep;
        }
        while (b != end);
        TileStore.Row<TSimd, TVector>(c0l, c0r, c, accumulate, bias);
        TileStore.Row<TSimd, TVector>(c1l, c1r, c + ldc, accumulate, bias);
    }
}

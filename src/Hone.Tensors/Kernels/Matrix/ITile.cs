using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>The innermost loop of a matrix product: a few rows by two vectors of C, all sums in registers.</summary>
internal unsafe interface ITile
{
    /// <summary>Rows of C per tile.</summary>
    static abstract int Rows { get; }

    /// <summary>C = A · B or C += A · B for one tile.</summary>
    /// <param name="k">Length of the sums, at least 1.</param>
    /// <param name="a">Left factor, packed or where it lies.</param>
    /// <param name="aRow">Distance between the tile's rows in <paramref name="a"/>; 1 where it is packed.</param>
    /// <param name="aStep">Distance between steps of the sum in <paramref name="a"/>.</param>
    /// <param name="b">[k, 2 · vector width], packed or where it lies.</param>
    /// <param name="bStep">Distance between rows of <paramref name="b"/>.</param>
    /// <param name="c">[Rows, 2 · vector width].</param>
    /// <param name="ldc">Distance between rows of <paramref name="c"/>.</param>
    /// <param name="accumulate">Adds to C instead of overwriting it.</param>
    static abstract void Run(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate);
}

/// <summary>Writes one row of a tile.</summary>
internal static unsafe class TileStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row<TSimd, TVector>(TVector left, TVector right, float* c, bool accumulate)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (accumulate)
        {
            left = TSimd.Add(left, TSimd.Load(c));
            right = TSimd.Add(right, TSimd.Load(c + TSimd.Width));
        }
        TSimd.Store(left, c);
        TSimd.Store(right, c + TSimd.Width);
    }
}

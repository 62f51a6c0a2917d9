using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
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
    /// <param name="bias">[2 · vector width] added to every row, or null.</param>
    static abstract void Run(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate, float* bias);

    /// <summary>Whether <see cref="RunHalf"/> does half the work.</summary>
    static virtual bool HasHalf => false;

    /// <summary>The left half of <see cref="Run"/>: one vector of columns.</summary>
    static virtual void RunHalf(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate, float* bias) =>
        throw new NotSupportedException("this tile has no half");
}

/// <summary>Writes one row of a tile.</summary>
internal static unsafe class TileStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row<TSimd, TVector>(TVector left, TVector right, float* c, bool accumulate, float* bias)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (accumulate)
        {
            left = TSimd.Add(left, TSimd.Load(c));
            right = TSimd.Add(right, TSimd.Load(c + TSimd.Width));
        }
        if (bias != null)
        {
            left = TSimd.Add(left, TSimd.Load(bias));
            right = TSimd.Add(right, TSimd.Load(bias + TSimd.Width));
        }
        TSimd.Store(left, c);
        TSimd.Store(right, c + TSimd.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Half<TSimd, TVector>(TVector value, float* c, bool accumulate, float* bias)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (accumulate) value = TSimd.Add(value, TSimd.Load(c));
        if (bias != null) value = TSimd.Add(value, TSimd.Load(bias));
        TSimd.Store(value, c);
    }

    /// <summary>Asks for the lines of C, which are written, and maybe read, after the sum: products of training ran 2 to 3 % faster for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch<TSimd, TVector>(float* c, nint ldc, int rows)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < rows; i++, c += ldc)
        {
            Sse.Prefetch0(c);
            Sse.Prefetch0(c + TSimd.Width);
        }
    }
}

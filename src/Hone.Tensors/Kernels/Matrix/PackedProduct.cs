using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Simd;
using Hone.Tensors.Memory;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>
/// Matrix product in cache-sized blocks of packed factors, after Goto and van de Geijn, "Anatomy of high-performance matrix
/// multiplication", ACM TOMS 34 (2008). One call runs on one thread and computes a rectangle of C.
/// </summary>
/// <typeparam name="TSimd">Instructions.</typeparam>
/// <typeparam name="TVector">Their vector.</typeparam>
/// <typeparam name="TTall">Tile for most rows.</typeparam>
/// <typeparam name="TMid">Tile for two thirds of that height.</typeparam>
/// <typeparam name="TLow">Tile for a third of that height.</typeparam>
internal static unsafe class PackedProduct<TSimd, TVector, TTall, TMid, TLow>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TTall : struct, ITile
    where TMid : struct, ITile
    where TLow : struct, ITile
{
    // A's block of 192 x 512 floats takes 384 KiB of the second-level cache (512 KiB to 2 MiB on current machines).
    private const int BlockK = 512, BlockM = 192, BlockN = 2048;

    // Below this many rows, B is used too few times to be worth packing if its rows lie side by side already.
    private const int PackRows = 64;

    private const int CopySteps = 16;

    /// <summary>Columns of C per tile.</summary>
    public static int TileColumns => 2 * TSimd.Width;

    /// <summary>Rows by which work is split without waste.</summary>
    public static int RowGrain => TLow.Rows;

    /// <summary>Computes rows [m0, m1) and columns [n0, n1).</summary>
    public static void Run(in Product product, int m0, int m1, int n0, int n1)
    {
        int passes = (product.K + BlockK - 1) / BlockK;
        int blockK = (product.K + passes - 1) / passes;
        for (int n = n0; n < n1; n += BlockN)
        {
            int columns = Math.Min(BlockN, n1 - n);
            for (int k = 0; k < product.K; k += blockK)
                KPass(product, m0, m1, n, columns, k, Math.Min(blockK, product.K - k));
        }
    }

    private static void KPass(in Product product, int m0, int m1, int n, int columns, int k, int depth)
    {
        bool pack = product.B.Transposed || m1 - m0 > PackRows;
        float* packedB = PackB(product.B, n, columns, k, depth, pack);
        float* packedA = Scratch.Floats(ScratchSlot.PackedA, (long)(Math.Min(BlockM, m1 - m0) + TTall.Rows) * depth);
        for (int m = m0; m < m1; m += BlockM)
        {
            int rows = Math.Min(BlockM, m1 - m);
            PackA(product.A, m, rows, k, depth, packedA);
            for (int j = 0; j < columns; j += TileColumns)
            {
                bool direct = !pack && columns - j >= TileColumns;
                float* b = direct ? product.B.At(k, n + j) : pack ? packedB + (nint)j * depth : packedB;
                Column(product, m, rows, n + j, Math.Min(TileColumns, columns - j), depth, packedA, b, direct ? product.B.Ld : TileColumns, k);
            }
        }
    }

    /// <summary>All tiles of one column of tiles.</summary>
    private static void Column(
        in Product product, int m, int rows, int n, int columns, int depth, float* packedA, float* b, nint bStep, int k)
    {
        bool accumulate = product.Accumulate || k > 0, last = k + depth == product.K;
        for (int i = 0; i < rows;)
        {
            int left = rows - i, height = HeightFor(left), valid = Math.Min(left, height);
            float* c = product.C + (m + i) * product.Ldc + n;
            if (valid == height && columns == TileColumns)
                Tile(height, depth, packedA + (nint)i * depth, b, bStep, c, product.Ldc, accumulate);
            else
                EdgeTile(height, depth, packedA + (nint)i * depth, b, bStep, c, product.Ldc, accumulate, valid, columns);
            if (last && (product.Bias != null || product.Residual != null)) Epilogue<TSimd, TVector>.Add(product, m + i, valid, n, columns);
            i += height;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int HeightFor(int rows) => rows <= TLow.Rows ? TLow.Rows : rows <= TMid.Rows ? TMid.Rows : TTall.Rows;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile(int height, int depth, float* a, float* b, nint bStep, float* c, nint ldc, bool accumulate)
    {
        if (height == TTall.Rows) TTall.Run(depth, a, b, bStep, c, ldc, accumulate);
        else if (height == TMid.Rows) TMid.Run(depth, a, b, bStep, c, ldc, accumulate);
        else TLow.Run(depth, a, b, bStep, c, ldc, accumulate);
    }

    private static void EdgeTile(
        int height, int depth, float* a, float* b, nint bStep, float* c, nint ldc, bool accumulate, int rows, int columns)
    {
        float* tile = Scratch.Floats(ScratchSlot.EdgeTile, height * TileColumns);
        Tile(height, depth, a, b, bStep, tile, TileColumns, false);
        for (int i = 0; i < rows; i++)
        {
            Span<float> from = new(tile + i * TileColumns, columns), to = new(c + i * ldc, columns);
            if (accumulate) System.Numerics.Tensors.TensorPrimitives.Add(to, from, to);
            else from.CopyTo(to);
        }
    }

    private static void PackA(MatrixView a, int m, int rows, int k, int depth, float* target)
    {
        // Some steps of all panels before the next: neighbouring panels share cache lines of a transposed factor.
        int chunk = a.Transposed ? CopySteps : depth;
        for (int p = 0; p < depth; p += chunk)
        {
            int steps = Math.Min(chunk, depth - p);
            for (int i = 0; i < rows;)
            {
                int height = HeightFor(rows - i), valid = Math.Min(rows - i, height);
                float* from = a.At(m + i, k + p), to = target + (nint)i * depth + (nint)p * height;
                if (a.Transposed) Pack.Copy(from, a.Ld, valid, steps, to, height);
                else Pack.Transpose(from, a.Ld, valid, steps, to, height);
                i += height;
            }
        }
    }

    /// <summary>Packs all columns, or, where B is read where it lies, only the last few that do not fill a tile.</summary>
    private static float* PackB(MatrixView b, int n, int columns, int k, int depth, bool all)
    {
        int first = all ? 0 : columns / TileColumns * TileColumns;
        int padded = (columns + TileColumns - 1) / TileColumns * TileColumns - first;
        float* packed = Scratch.Floats(ScratchSlot.PackedB, (long)padded * depth);
        int chunk = b.Transposed ? depth : CopySteps;
        for (int p = 0; p < depth; p += chunk)
        {
            int steps = Math.Min(chunk, depth - p);
            for (int j = first; j < columns; j += TileColumns)
            {
                int valid = Math.Min(TileColumns, columns - j);
                float* from = b.At(k + p, n + j), to = packed + (nint)(j - first) * depth + p * TileColumns;
                if (b.Transposed) Pack.Transpose(from, b.Ld, valid, steps, to, TileColumns);
                else Pack.Copy(from, b.Ld, valid, steps, to, TileColumns);
            }
        }
        return packed;
    }
}

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

    // Where A needs no packing, which every block of columns would repeat, packed columns of B fit into the second-level cache beside it.
    private const int BlockNumbers = 1 << 17;

    // Up to this many rows, B is used too few times to be worth packing if its rows lie side by side already.
    private const int PackRows = 256;

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
        int blockN = ReadsInPlace(product.A, n1 - n0) ? Math.Max(BlockNumbers / blockK / TileColumns, 1) * TileColumns : BlockN;
        for (int n = n0; n < n1; n += blockN)
        {
            int columns = Math.Min(blockN, n1 - n);
            for (int k = 0; k < product.K; k += blockK)
                KPass(product, m0, m1, n, columns, k, Math.Min(blockK, product.K - k), n1 - n0);
        }
    }

    private static void KPass(in Product product, int m0, int m1, int n, int columns, int k, int depth, int all)
    {
        bool pack = product.B.Transposed || m1 - m0 > PackRows;
        float* packedB = PackB(product.B, n, columns, k, depth, pack);
        float* packedA = Scratch.Floats(ScratchSlot.PackedA, (long)(Math.Min(BlockM, m1 - m0) + TTall.Rows) * depth);
        bool direct = ReadsInPlace(product.A, all);
        for (int m = m0; m < m1; m += BlockM)
        {
            int rows = Math.Min(BlockM, m1 - m);
            LeftFactor left = new(product.A.At(m, k), product.A, direct ? WholeTiles(rows) : 0, packedA);
            PackA(product.A, m + left.Direct, rows - left.Direct, k, depth, packedA);
            for (int j = 0; j < columns; j += TileColumns)
            {
                bool inPlace = !pack && columns - j >= TileColumns;
                float* b = inPlace ? product.B.At(k, n + j) : pack ? packedB + (nint)j * depth : packedB;
                Column(product, m, rows, n + j, Math.Min(TileColumns, columns - j), depth, left, b, inPlace ? product.B.Ld : TileColumns, k);
            }
        }
    }

    /// <summary>Rows in tiles without missing rows, counted from the first.</summary>
    private static int WholeTiles(int rows)
    {
        int whole = rows / TTall.Rows * TTall.Rows, left = rows - whole;
        return left > 0 && left == HeightFor(left) ? rows : whole;
    }

    /// <summary>
    /// Whether tiles read A where it lies. Row by row, each cache line has to stay in the first level (64 sets of 8 lines or more) for the 16
    /// steps in which it is read, so rows must not share one set. Column by column, a step reads part of a line of a row of its own: packed
    /// once, wide rows are read whole, which pays unless there are many columns of tiles to share what it costs to fetch them.
    /// </summary>
    private static bool ReadsInPlace(MatrixView a, int columns) => a.Transposed
        ? a.Ld <= 256 || columns >= 256
        : a.Ld % 16 != 0 || a.Ld / 16 % 64 != 0;

    /// <summary>Where tiles find the left factor: its first rows where they lie, the others packed.</summary>
    private readonly struct LeftFactor(float* start, MatrixView view, int direct, float* packed)
    {
        private readonly nint row = view.Transposed ? 1 : view.Ld, step = view.Transposed ? view.Ld : 1;

        public int Direct => direct;

        public (nint A, nint Row, nint Step) Tile(int i, int height, int depth) => i < direct
            ? ((nint)(start + i * row), row, step)
            : ((nint)(packed + (nint)(i - direct) * depth), 1, height);
    }

    /// <summary>All tiles of one column of tiles.</summary>
    private static void Column(
        in Product product, int m, int rows, int n, int columns, int depth, in LeftFactor left, float* b, nint bStep, int k)
    {
        bool accumulate = product.Accumulate || k > 0, last = k + depth == product.K;
        for (int i = 0, height; i < rows; i += height)
        {
            height = HeightFor(rows - i);
            int valid = Math.Min(rows - i, height);
            (int first, int end) = product.Triangle.Steps(m + i, valid, n, k, depth);
            if (first >= end) continue;
            float* c = product.C + (m + i) * product.Ldc + n, bias = last && product.Bias != null ? product.Bias + n : null;
            (nint a, nint row, nint step) = left.Tile(i, height, depth);
            float* from = (float*)a + first * step, steps = b + first * bStep;
            bool half = columns <= TSimd.Width && HasHalf(height), whole = valid == height && columns == (half ? TSimd.Width : TileColumns);
            if (whole) Tile(height, half, end - first, from, row, step, steps, bStep, c, product.Ldc, accumulate, bias);
            else EdgeTile(height, half, end - first, from, row, step, steps, bStep, c, product.Ldc, accumulate, valid, columns);
            if (last) Epilogue<TSimd, TVector>.Add(product, whole ? null : bias, m + i, valid, n, columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int HeightFor(int rows) => rows <= TLow.Rows ? TLow.Rows : rows <= TMid.Rows ? TMid.Rows : TTall.Rows;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasHalf(int height) => height == TTall.Rows ? TTall.HasHalf : height == TMid.Rows ? TMid.HasHalf : TLow.HasHalf;

    private static void Tile(
        int height, bool half, int depth, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate, float* bias)
    {
        if (half) HalfTile(height, depth, a, aRow, aStep, b, bStep, c, ldc, accumulate, bias);
        else if (height == TTall.Rows) TTall.Run(depth, a, aRow, aStep, b, bStep, c, ldc, accumulate, bias);
        else if (height == TMid.Rows) TMid.Run(depth, a, aRow, aStep, b, bStep, c, ldc, accumulate, bias);
        else TLow.Run(depth, a, aRow, aStep, b, bStep, c, ldc, accumulate, bias);
    }

    private static void HalfTile(
        int height, int depth, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate, float* bias)
    {
        if (height == TTall.Rows) TTall.RunHalf(depth, a, aRow, aStep, b, bStep, c, ldc, accumulate, bias);
        else if (height == TMid.Rows) TMid.RunHalf(depth, a, aRow, aStep, b, bStep, c, ldc, accumulate, bias);
        else TLow.RunHalf(depth, a, aRow, aStep, b, bStep, c, ldc, accumulate, bias);
    }

    private static void EdgeTile(
        int height, bool half, int depth, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint ldc, bool accumulate, int rows, int columns)
    {
        float* tile = Scratch.Floats(ScratchSlot.EdgeTile, height * TileColumns);
        Tile(height, half, depth, a, aRow, aStep, b, bStep, tile, TileColumns, false, null);
        for (int i = 0; i < rows; i++)
        {
            float* from = tile + i * TileColumns, to = c + i * ldc;
            if (accumulate) Epilogue<TSimd, TVector>.Row(to, from, columns);
            else new Span<float>(from, columns).CopyTo(new Span<float>(to, columns));
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

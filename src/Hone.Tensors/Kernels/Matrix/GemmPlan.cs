using System.Numerics.Tensors;
using Hone.Tensors.Kernels.Simd;
using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Kernels.Matrix;

/// <summary>Chooses how a product is computed and splits it over threads.</summary>
internal static unsafe class GemmPlan<TSimd, TVector, TTall, TMid, TLow>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TTall : struct, ITile
    where TMid : struct, ITile
    where TLow : struct, ITile
{
    // Up to this many rows, reading W where it lies beats packing it (measured: 16 x 4096 x 1024 runs 2.1 times as fast).
    private const int SmallRows = 24;

    // Up to this many columns, fewer than rows, computing the transposed product wastes less than filling up a tile.
    private const int SmallColumns = 16;

    // Handing work to another thread costs about as much as this many multiplications.
    private const long SerialWork = 1 << 17;

    /// <summary>Computes the product on the given threads, or on the calling one.</summary>
    public static void Run(WorkerPool? workers, Product product)
    {
        if (product.M <= 0 || product.N <= 0) return;
        if ((long)product.M * product.N * product.K < SerialWork) workers = null;
        if (product.K <= 0)
        {
            if (!product.Accumulate) Clear(product);
            Epilogue<TSimd, TVector>.Add(product, product.Bias, 0, product.M, 0, product.N);
        }
        else if (product.N <= SmallColumns && product.N < product.M)
        {
            Flipped(workers, product);
            Epilogue<TSimd, TVector>.Add(product, product.Bias, 0, product.M, 0, product.N);
        }
        else if (product.B.Transposed && product.M <= SmallRows)
        {
            Dot(workers, product, product.Ldc, 1);
            Epilogue<TSimd, TVector>.Add(product, product.Bias, 0, product.M, 0, product.N);
        }
        else
        {
            Packed(workers, product);
        }
    }

    /// <summary>Few columns: computes Cᵀ = Bᵀ · Aᵀ, which has few rows.</summary>
    private static void Flipped(WorkerPool? workers, Product product)
    {
        Product flipped = product with { M = product.N, N = product.M, A = product.B.Flip(), B = product.A.Flip(), Bias = null, Residual = null, Triangle = default };
        if (flipped.B.Transposed)
        {
            Dot(workers, flipped, 1, product.Ldc);
            return;
        }
        float* result = Scratch.Floats(ScratchSlot.Transposed, (long)flipped.M * flipped.N);
        Packed(workers, flipped with { C = result, Ldc = flipped.N, Accumulate = false });
        for (int i = 0; i < product.M; i++)
            for (int j = 0; j < product.N; j++)
            {
                float* c = product.C + i * product.Ldc + j;
                *c = product.Accumulate ? *c + result[(nint)j * product.M + i] : result[(nint)j * product.M + i];
            }
    }

    private static void Dot(WorkerPool? workers, in Product product, nint cRow, nint cColumn)
    {
        float* x = product.A.Start;
        nint ldx = product.A.Ld;
        if (product.A.Transposed)
        {
            x = Scratch.Floats(ScratchSlot.Transposed, (long)product.M * product.K);
            ldx = product.K;
            // Seen from the transposed side the stored rows are the lanes.
            Pack.Transpose(product.A.Start, product.A.Ld, product.K, product.M, x, product.K);
        }
        DotJob job = new(product, x, ldx, cRow, cColumn);
        if (workers is null) job.Run(0, 0, product.N);
        else workers.For(product.N, DotProduct<TSimd, TVector>.Group, ref job);
    }

    private readonly struct DotJob(Product product, float* x, nint ldx, nint cRow, nint cColumn) : IRangeJob
    {
        public void Run(int worker, int start, int end) => DotProduct<TSimd, TVector>.Run(
            x, ldx, product.M, product.B.Start, product.B.Ld, start, end, product.K, product.C, cRow, cColumn, product.Accumulate);
    }

    private static void Packed(WorkerPool? workers, in Product product)
    {
        GridJob job = new(product, workers?.Threads ?? 1);
        if (workers is null || job.Cells == 1) job.Run(0, 0, job.Cells);
        else workers.For(job.Cells, 1, ref job);
    }

    private readonly struct GridJob : IRangeJob
    {
        private readonly Product product;
        private readonly int rowsPerCell, columnsPerCell, gridColumns;

        public GridJob(in Product product, int threads)
        {
            this.product = product;
            long best = long.MaxValue;
            for (int across = 1; across <= threads; across++)
            {
                int down = threads / across;
                int rows = Share(product.M, down, PackedProduct<TSimd, TVector, TTall, TMid, TLow>.RowGrain);
                int columns = Share(product.N, across, PackedProduct<TSimd, TVector, TTall, TMid, TLow>.TileColumns);
                // Cycles per step of k, in sixteenths: one per 16 sums, and about a quarter for each packed number.
                long cost = (long)rows * columns + 4L * (rows + columns);
                if (cost >= best) continue;
                best = cost;
                (rowsPerCell, columnsPerCell) = (rows, columns);
            }
            gridColumns = (product.N + columnsPerCell - 1) / columnsPerCell;
            Cells = gridColumns * ((product.M + rowsPerCell - 1) / rowsPerCell);
        }

        public int Cells { get; }

        public void Run(int worker, int start, int end)
        {
            for (int cell = start; cell < end; cell++)
            {
                int m = cell / gridColumns * rowsPerCell, n = cell % gridColumns * columnsPerCell;
                PackedProduct<TSimd, TVector, TTall, TMid, TLow>.Run(
                    product, m, Math.Min(m + rowsPerCell, product.M), n, Math.Min(n + columnsPerCell, product.N));
            }
        }

        private static int Share(int size, int parts, int grain) => ((size + grain - 1) / grain + parts - 1) / parts * grain;
    }

    private static void Clear(in Product product)
    {
        for (int i = 0; i < product.M; i++) new Span<float>(product.C + i * product.Ldc, product.N).Clear();
    }
}

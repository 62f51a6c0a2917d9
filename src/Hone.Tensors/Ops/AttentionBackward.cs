using System.Numerics.Tensors;
using Hone.Tensors.Kernels;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>
/// The backward pass of attention (Dao 2023, arXiv:2307.08691, algorithm 2): one task per (sequence, key head) with all query heads
/// of its group, so every gradient is summed by one thread in a fixed order.
/// </summary>
internal unsafe struct AttentionBackward(
    Segments queries, Segments keys, AttentionOptions options, AttentionSizes sizes,
    float* q, float* k, float* v, float* dy, float* logSums, float* dots, float* dq, float* dk, float* dv, float* scratch) : IRangeJob
{
    private const int KeyBlock = AttentionTile.KeyBlock;
    private int* next;

    /// <summary>Scratch floats per worker: gathered queries, their gradient, upstream rows, weights and their gradients, one row of the cap's slopes.</summary>
    public static int ScratchFloats(AttentionOptions options, AttentionSizes sizes) =>
        AttentionTile.MaxRows(options) * (2 * sizes.HeadSize + sizes.ValueSize + 2 * KeyBlock) + KeyBlock;

    /// <summary>Runs all tasks; <paramref name="counter"/> hands them out.</summary>
    public void Start(int* counter, WorkerPool workers)
    {
        next = counter;
        workers.For(workers.Threads, 1, ref this);
    }

    /// <inheritdoc/>
    public readonly void Run(int worker, int start, int end)
    {
        float* own = scratch + (long)worker * ScratchFloats(options, sizes);
        int tasks = queries.Count * options.KvHeads, step = AttentionTile.QueriesPerTile(options);
        for (int task = Interlocked.Increment(ref *next) - 1; task < tasks; task = Interlocked.Increment(ref *next) - 1)
        {
            int s = task / options.KvHeads, head = task % options.KvHeads;
            for (int i = 0; i < queries.Length(s); i += step) Tile(s, head, new AttentionTile(queries, keys, options, s, head, i), own);
        }
    }

    private readonly void Tile(int s, int head, in AttentionTile tile, float* own)
    {
        int rows = tile.Rows, d = sizes.HeadSize, size = sizes.ValueSize, strideK = options.KvHeads * d, strideV = options.KvHeads * size;
        float* weights = own, slopes = weights + rows * KeyBlock, gathered = slopes + rows * KeyBlock, gradient = gathered + rows * d;
        float* upstream = gradient + rows * d, cap = upstream + rows * size;
        tile.Gather(q, d, options.Scale, gathered);
        tile.Gather(dy, size, 1f, upstream);
        new Span<float>(gradient, rows * d).Clear();
        for (int j = tile.FirstKey; j < tile.EndKey; j += KeyBlock)
        {
            int columns = Math.Min(KeyBlock, tile.EndKey - j);
            long offsetK = (long)(keys.Start(s) + j) * strideK + head * d, offsetV = (long)(keys.Start(s) + j) * strideV + head * size;
            Gemm.RunSerial(false, true, rows, columns, d, gathered, d, k + offsetK, strideK, weights, KeyBlock, false);
            Gemm.RunSerial(false, true, rows, columns, size, upstream, size, v + offsetV, strideV, slopes, KeyBlock, false);
            for (int r = 0; r < rows; r++)
            {
                long index = tile.HeadIndex(r);
                Row(tile.Visible(new(weights + r * KeyBlock, columns), r, j), tile.Visible(new(slopes + r * KeyBlock, columns), r, j), cap, logSums[index], dots[index]);
            }
            // The gathered queries carry the scale, so dK has it already; dQ gets it below.
            if (dv != null) Gemm.RunSerial(true, false, columns, size, rows, weights, KeyBlock, upstream, size, dv + offsetV, strideV, true);
            if (dk != null) Gemm.RunSerial(true, false, columns, d, rows, slopes, KeyBlock, gathered, d, dk + offsetK, strideK, true);
            if (dq != null) Gemm.RunSerial(false, false, rows, d, columns, slopes, KeyBlock, k + offsetK, strideK, gradient, d, true);
        }
        if (dq != null) tile.ScatterAdd(gradient, d, options.Scale, dq);
    }

    // In: scores and dP. Out: P = exp(s - log sum), and dS = P ∘ (dP - D), through the cap.
    private readonly void Row(Span<float> p, Span<float> ds, float* capScratch, float logSum, float dot)
    {
        if (p.IsEmpty) return;
        float cap = options.Softcap;
        Span<float> slope = new(capScratch, p.Length);
        AttentionForward.Cap(p, cap);
        if (cap > 0) // the slope of cap·tanh(s/cap) is 1 - (value/cap)²
        {
            TensorPrimitives.Multiply(p, p, slope);
            TensorPrimitives.Multiply(slope, -1f / (cap * cap), slope);
            TensorPrimitives.Add(slope, 1f, slope);
        }
        RowLoops.ExpSum(p, logSum);
        RowLoops.Weigh(ds, dot, p);
        if (cap > 0) TensorPrimitives.Multiply(ds, slope, ds);
    }
}

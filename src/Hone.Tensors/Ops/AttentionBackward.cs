using System.Numerics.Tensors;
using Hone.Tensors.Kernels;
using Hone.Tensors.Kernels.Matrix;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>
/// The backward pass of attention (Dao 2023, arXiv:2307.08691, algorithm 2): one task per (sequence, key head) with all query heads
/// of its group, so every gradient is summed by one thread in a fixed order. With fewer of these than threads (a single sequence, few key
/// heads) the gradient of the queries is made by blocks of queries and that of keys and values by blocks of keys: scores are then
/// computed twice, by as many threads as there are blocks.
/// </summary>
internal unsafe struct AttentionBackward(
    Segments queries, Segments keys, AttentionOptions options, AttentionSizes sizes,
    float* q, float* k, float* v, float* dy, float* logSums, float* dots, float* dq, float* dk, float* dv, float* scratch) : IRangeJob
{
    private const int KeyBlock = AttentionTile.KeyBlock;
    private int* next;
    private bool split;

    /// <summary>Which gradients a tile adds to, and the keys it looks at.</summary>
    private readonly record struct Part(bool Queries, bool Keys, int FirstKey, int EndKey)
    {
        public static Part All => new(true, true, 0, int.MaxValue);
    }

    /// <summary>Scratch floats per worker: gathered queries, their gradient, upstream rows, weights and their gradients, one row of the cap's slopes.</summary>
    public static int ScratchFloats(AttentionOptions options, AttentionSizes sizes) =>
        AttentionTile.MaxRows(options) * (2 * sizes.HeadSize + sizes.ValueSize + 2 * KeyBlock) + KeyBlock;

    /// <summary>Runs all tasks; <paramref name="counter"/> hands them out.</summary>
    public void Start(int* counter, WorkerPool workers)
    {
        next = counter;
        split = queries.Count * options.KvHeads < workers.Threads;
        workers.For(workers.Threads, 1, ref this);
    }

    /// <inheritdoc/>
    public readonly void Run(int worker, int start, int end)
    {
        float* own = scratch + (long)worker * ScratchFloats(options, sizes);
        if (split)
        {
            Blocks(own);
            return;
        }
        int tasks = queries.Count * options.KvHeads;
        for (int task = Next(); task < tasks; task = Next()) Tiles(task / options.KvHeads, task % options.KvHeads, Part.All, own);
    }

    private readonly int Next() => Interlocked.Increment(ref *next) - 1;

    /// <summary>All blocks of queries of a sequence.</summary>
    private readonly void Tiles(int s, int head, Part part, float* own)
    {
        int step = AttentionTile.QueriesPerTile(options);
        for (int i = 0; i < queries.Length(s); i += step) Tile(s, head, new AttentionTile(queries, keys, options, s, head, i), part, own);
    }

    private readonly void Blocks(float* own)
    {
        int task = -1, wanted = Next(), step = AttentionTile.QueriesPerTile(options);
        for (int s = 0; s < queries.Count; s++)
            for (int head = 0; head < options.KvHeads; head++)
            {
                for (int j = 0; j < keys.Length(s); j += KeyBlock)
                {
                    if (++task != wanted) continue;
                    Tiles(s, head, new Part(false, true, j, j + KeyBlock), own);
                    wanted = Next();
                }
                for (int i = 0; i < queries.Length(s); i += step)
                {
                    if (++task != wanted) continue;
                    Tile(s, head, new AttentionTile(queries, keys, options, s, head, i), Part.All with { Keys = false }, own);
                    wanted = Next();
                }
            }
    }

    private readonly void Tile(int s, int head, in AttentionTile tile, Part part, float* own)
    {
        int firstKey = Math.Max(tile.FirstKey, part.FirstKey), endKey = Math.Min(tile.EndKey, part.EndKey);
        if (firstKey >= endKey) return;
        int rows = tile.Rows, d = sizes.HeadSize, size = sizes.ValueSize, strideK = options.KvHeads * d, strideV = options.KvHeads * size;
        float* weights = own, slopes = weights + rows * KeyBlock, gathered = slopes + rows * KeyBlock, gradient = gathered + rows * d;
        float* upstream = gradient + rows * d, cap = upstream + rows * size;
        tile.Gather(q, d, options.Scale, gathered);
        tile.Gather(dy, size, 1f, upstream);
        new Span<float>(gradient, rows * d).Clear();
        for (int j = firstKey; j < endKey; j += KeyBlock)
        {
            int columns = Math.Min(KeyBlock, endKey - j);
            Triangle unseen = tile.Unseen(j);
            long offsetK = (long)(keys.Start(s) + j) * strideK + head * d, offsetV = (long)(keys.Start(s) + j) * strideV + head * size;
            Gemm.RunSerial(false, true, rows, columns, d, gathered, d, k + offsetK, strideK, weights, KeyBlock, false, unseen);
            Gemm.RunSerial(false, true, rows, columns, size, upstream, size, v + offsetV, strideV, slopes, KeyBlock, false, unseen);
            for (int r = 0; r < rows; r++)
            {
                RowLoops.Pad(tile.Visible(new(weights + r * KeyBlock, columns), r, j, out int room), room, float.NegativeInfinity);
                RowLoops.Pad(tile.Visible(new(slopes + r * KeyBlock, columns), r, j, out room), room, 0f);
            }
            for (int r = 0; r < rows; r++)
            {
                (int first, int count) = tile.Seen(r, j, columns);
                if (count == 0) continue;
                long index = tile.HeadIndex(r), start = (long)r * KeyBlock + first;
                int padded = RowLoops.Padded(count, KeyBlock - first);
                Row(new(weights + start, padded), new(slopes + start, padded), count, cap, logSums[index], dots[index]);
            }
            // The gathered queries carry the scale, so dK has it already; dQ gets it below.
            if (part.Keys && dv != null) Gemm.RunSerial(true, false, columns, size, rows, weights, KeyBlock, upstream, size, dv + offsetV, strideV, true, unseen.In(TrianglePart.LeftTransposed));
            if (part.Keys && dk != null) Gemm.RunSerial(true, false, columns, d, rows, slopes, KeyBlock, gathered, d, dk + offsetK, strideK, true, unseen.In(TrianglePart.LeftTransposed));
            if (part.Queries && dq != null) Gemm.RunSerial(false, false, rows, d, columns, slopes, KeyBlock, k + offsetK, strideK, gradient, d, true, unseen.In(TrianglePart.Left));
        }
        if (part.Queries && dq != null) tile.ScatterAdd(gradient, d, options.Scale, dq);
    }

    // In: scores and dP. Out: P = exp(s - log sum), and dS = P ∘ (dP - D), through the cap.
    private readonly void Row(Span<float> p, Span<float> ds, int count, float* capScratch, float logSum, float dot)
    {
        float cap = options.Softcap;
        Span<float> slope = new(capScratch, count), capped = p[..count];
        AttentionForward.Cap(capped, cap);
        if (cap > 0) // the slope of cap·tanh(s/cap) is 1 - (value/cap)²
        {
            TensorPrimitives.Multiply(capped, capped, slope);
            TensorPrimitives.Multiply(slope, -1f / (cap * cap), slope);
            TensorPrimitives.Add(slope, 1f, slope);
        }
        RowLoops.ExpSum(p, logSum);
        RowLoops.Weigh(ds, dot, p);
        if (cap > 0) TensorPrimitives.Multiply(ds[..count], slope, ds[..count]);
    }
}

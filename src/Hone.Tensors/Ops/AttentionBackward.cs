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
    private const int QueryBlock = AttentionForward.QueryBlock, KeyBlock = AttentionForward.KeyBlock;

    /// <summary>Weights, their gradients, and one row of the cap's slopes.</summary>
    internal const int ScratchFloats = 2 * QueryBlock * KeyBlock + KeyBlock;

    private int* next;

    /// <summary>Runs all tasks; <paramref name="counter"/> hands them out.</summary>
    public void Start(int* counter, WorkerPool workers)
    {
        next = counter;
        workers.For(workers.Threads, 1, ref this);
    }

    /// <inheritdoc/>
    public readonly void Run(int worker, int start, int end)
    {
        float* own = scratch + (long)worker * ScratchFloats;
        int tasks = queries.Count * options.KvHeads, group = options.Heads / options.KvHeads;
        for (int task = Interlocked.Increment(ref *next) - 1; task < tasks; task = Interlocked.Increment(ref *next) - 1)
        {
            int s = task / options.KvHeads, kvHead = task % options.KvHeads;
            for (int j = 0; j < keys.Length(s); j += KeyBlock)
                for (int h = kvHead * group; h < (kvHead + 1) * group; h++)
                    for (int i = 0; i < queries.Length(s); i += QueryBlock)
                        Block(s, h, kvHead, i, Math.Min(QueryBlock, queries.Length(s) - i), j, Math.Min(KeyBlock, keys.Length(s) - j), own);
        }
    }

    private readonly void Block(int s, int h, int kvHead, int i, int rows, int j, int columns, float* own)
    {
        int length = keys.Length(s), shift = length - queries.Length(s);
        if (AttentionSizes.Visible(i + shift, length, options).First >= j + columns || AttentionSizes.Visible(i + rows - 1 + shift, length, options).End <= j) return;
        int d = sizes.HeadSize, size = sizes.ValueSize, strideQ = options.Heads * d, strideK = options.KvHeads * d, strideV = options.KvHeads * size, strideY = options.Heads * size;
        int token = queries.Start(s) + i;
        long offsetQ = (long)token * strideQ + h * d, offsetY = (long)token * strideY + h * size;
        long offsetK = (long)(keys.Start(s) + j) * strideK + kvHead * d, offsetV = (long)(keys.Start(s) + j) * strideV + kvHead * size;
        float* weights = own, slopes = own + QueryBlock * KeyBlock, cap = slopes + QueryBlock * KeyBlock;
        Gemm.RunSerial(false, true, rows, columns, d, q + offsetQ, strideQ, k + offsetK, strideK, weights, KeyBlock, false);
        Gemm.RunSerial(false, true, rows, columns, size, dy + offsetY, strideY, v + offsetV, strideV, slopes, KeyBlock, false);
        long rowData = (long)h * sizes.Queries + token;
        for (int r = 0; r < rows; r++)
            Row(new(weights + r * KeyBlock, columns), new(slopes + r * KeyBlock, columns), new(cap, KeyBlock), i + r + shift, j, length, logSums[rowData + r], dots[rowData + r]);
        if (dv != null) Gemm.RunSerial(true, false, columns, size, rows, weights, KeyBlock, dy + offsetY, strideY, dv + offsetV, strideV, true);
        if (dq != null) Gemm.RunSerial(false, false, rows, d, columns, slopes, KeyBlock, k + offsetK, strideK, dq + offsetQ, strideQ, true);
        if (dk != null) Gemm.RunSerial(true, false, columns, d, rows, slopes, KeyBlock, q + offsetQ, strideQ, dk + offsetK, strideK, true);
    }

    // In: raw scores and dP. Out: P = exp(s - log sum), and dS = P ∘ (dP - D) times the slopes of scale and cap.
    private readonly void Row(Span<float> weights, Span<float> slopes, Span<float> cap, int position, int firstKey, int length, float logSum, float dot)
    {
        Span<float> p = AttentionForward.Visible(weights, position, firstKey, length, options);
        Span<float> ds = AttentionForward.Visible(slopes, position, firstKey, length, options);
        if (p.IsEmpty) return;
        AttentionForward.Scores(p, options);
        cap = cap[..p.Length];
        if (options.Softcap > 0) // slope of cap·tanh(s/cap) is 1 - (value/cap)²
        {
            TensorPrimitives.Multiply(p, p, cap);
            TensorPrimitives.Multiply(cap, -1f / (options.Softcap * options.Softcap), cap);
            TensorPrimitives.Add(cap, 1f, cap);
        }
        TensorPrimitives.Subtract(p, logSum, p);
        TensorPrimitives.Exp(p, p);
        TensorPrimitives.Subtract(ds, dot, ds);
        TensorPrimitives.Multiply(ds, p, ds);
        TensorPrimitives.Multiply(ds, options.Scale, ds);
        if (options.Softcap > 0) TensorPrimitives.Multiply(ds, cap, ds);
    }
}

using System.Numerics.Tensors;
using System.Runtime.Intrinsics.X86;
using Hone.Tensors.Kernels;
using Hone.Tensors.Kernels.Matrix;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>
/// The forward pass of attention: one task per (sequence, key head, block of queries). Tasks write disjoint parts and each is
/// computed in a fixed order, so workers may take them as they come without changing a bit.
/// </summary>
internal unsafe struct AttentionForward(
    Segments queries, Segments keys, AttentionOptions options, AttentionSizes sizes,
    float* q, float* k, float* v, float* y, float* logSums, float* scratch) : IRangeJob
{
    private const int KeyBlock = AttentionTile.KeyBlock;
    private int* next;

    /// <summary>Scratch floats per worker: gathered queries, their results, scores, each row's running maximum and sum.</summary>
    public static int ScratchFloats(AttentionOptions options, AttentionSizes sizes) =>
        AttentionTile.MaxRows(options) * (sizes.HeadSize + sizes.ValueSize + KeyBlock + 2);

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
        int task = -1, wanted = Interlocked.Increment(ref *next) - 1, step = AttentionTile.QueriesPerTile(options);
        for (int s = 0; s < queries.Count; s++)
            for (int head = 0; head < options.KvHeads; head++)
                for (int i = 0; i < queries.Length(s); i += step)
                {
                    if (++task != wanted) continue;
                    Tile(s, head, new AttentionTile(queries, keys, options, s, head, i), own);
                    wanted = Interlocked.Increment(ref *next) - 1;
                }
    }

    private readonly void Tile(int s, int head, in AttentionTile tile, float* own)
    {
        int rows = tile.Rows, d = sizes.HeadSize, dv = sizes.ValueSize, strideK = options.KvHeads * d, strideV = options.KvHeads * dv;
        float* scores = own, gathered = scores + rows * KeyBlock, output = gathered + rows * d, maxima = output + rows * dv, sums = maxima + rows;
        float* keyRows = k + (long)keys.Start(s) * strideK + head * d, valueRows = v + (long)keys.Start(s) * strideV + head * dv;
        new Span<float>(maxima, rows).Fill(float.NegativeInfinity);
        new Span<float>(sums, rows).Clear();
        new Span<float>(output, rows * dv).Clear();
        tile.Gather(q, d, options.Scale, gathered);
        if (head + 1 < options.KvHeads) FetchNextHead(s, head, tile);
        for (int j = tile.FirstKey; j < tile.EndKey; j += KeyBlock)
        {
            int columns = Math.Min(KeyBlock, tile.EndKey - j);
            Triangle unseen = tile.Unseen(j);
            Gemm.RunSerial(false, true, rows, columns, d, gathered, d, keyRows + (long)j * strideK, strideK, scores, KeyBlock, false, unseen);
            Weigh(tile, j, columns, scores, maxima, sums, output);
            Gemm.RunSerial(false, false, rows, dv, columns, scores, KeyBlock, valueRows + (long)j * strideV, strideV, output, dv, true, unseen.In(TrianglePart.Left));
        }
        for (int r = 0; r < rows; r++)
        {
            bool any = sums[r] > 0;
            long index = tile.HeadIndex(r);
            RowLoops.Scale(new(output + r * dv, dv), any ? 1f / sums[r] : 0f, new(y + index * dv, dv));
            if (logSums != null) logSums[index] = any ? maxima[r] + MathF.Log(sums[r]) : float.PositiveInfinity;
        }
    }

    // Rows are padded before the first is read: what was just written in pieces cannot be read as a whole vector for a while.
    private readonly void Weigh(in AttentionTile tile, int j, int columns, float* scores, float* maxima, float* sums, float* output)
    {
        int dv = sizes.ValueSize;
        for (int r = 0; r < tile.Rows; r++)
        {
            Span<float> row = tile.Visible(new(scores + r * KeyBlock, columns), r, j, out int room);
            Cap(row, options.Softcap);
            RowLoops.Pad(row, room, float.NegativeInfinity);
        }
        for (int r = 0; r < tile.Rows; r++)
        {
            (int first, int count) = tile.Seen(r, j, columns);
            if (count > 0) Advance(new(scores + r * KeyBlock + first, RowLoops.Padded(count, KeyBlock - first)), ref maxima[r], ref sums[r], new(output + r * dv, dv));
        }
    }

    /// <summary>Asks for the numbers of the next head, which lie between those of the others: nothing else foresees them.</summary>
    private readonly void FetchNextHead(int s, int head, in AttentionTile tile)
    {
        int d = sizes.HeadSize, dv = sizes.ValueSize, group = options.Heads / options.KvHeads;
        Fetch(q + (tile.HeadIndex(0) + group) * d, group * d, options.Heads * d, tile.Rows / group);
        if (tile.FirstKey != 0 || tile.EndKey > KeyBlock) return;
        Fetch(k + ((long)keys.Start(s) * options.KvHeads + head + 1) * d, d, options.KvHeads * d, tile.EndKey);
        Fetch(v + ((long)keys.Start(s) * options.KvHeads + head + 1) * dv, dv, options.KvHeads * dv, tile.EndKey);
    }

    private static void Fetch(float* start, int floats, nint stride, int rows)
    {
        if (!Sse.IsSupported) return;
        for (int r = 0; r < rows; r++, start += stride)
            for (int i = 0; i < floats; i += 16) Sse.Prefetch1(start + i);
    }

    // In: scores. Out: exp(score - maximum so far); what was summed before is brought to the new maximum.
    private static void Advance(Span<float> visible, ref float max, ref float sum, Span<float> output)
    {
        float newMax = MathF.Max(max, RowLoops.Max(visible)), correction = MathF.Exp(max - newMax);
        if (correction != 1f && sum > 0) RowLoops.Scale(output, correction, output);
        sum = sum * correction + RowLoops.ExpSum(visible, newMax);
        max = newMax;
    }

    /// <summary>cap · tanh(s / cap) in place, where there is a cap.</summary>
    internal static void Cap(Span<float> scores, float cap)
    {
        if (!(cap > 0)) return;
        TensorPrimitives.Multiply(scores, 1f / cap, scores);
        TensorPrimitives.Tanh(scores, scores);
        TensorPrimitives.Multiply(scores, cap, scores);
    }
}

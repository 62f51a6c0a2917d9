using System.Numerics.Tensors;
using Hone.Tensors.Kernels;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>
/// The forward pass of attention: one task per (sequence, query head, block of queries). Tasks write disjoint parts and each is
/// computed in a fixed order, so workers may take them as they come without changing a bit.
/// </summary>
internal unsafe struct AttentionForward(
    Segments queries, Segments keys, AttentionOptions options, AttentionSizes sizes,
    float* q, float* k, float* v, float* y, float* logSums, float* scratch) : IRangeJob
{
    /// <summary>Queries and keys per block: scores of 64 × 128 floats fill 32 KB, half of a first-level cache with the operands streaming by.</summary>
    internal const int QueryBlock = 64, KeyBlock = 128;

    /// <summary>Scores, then each row's running maximum and sum.</summary>
    internal const int ScratchFloats = QueryBlock * KeyBlock + 2 * QueryBlock;

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
        int task = -1, wanted = Interlocked.Increment(ref *next) - 1;
        for (int s = 0; s < queries.Count; s++)
            for (int h = 0; h < options.Heads; h++)
                for (int i = 0; i < queries.Length(s); i += QueryBlock)
                {
                    if (++task != wanted) continue;
                    Block(s, h, i, Math.Min(QueryBlock, queries.Length(s) - i), own);
                    wanted = Interlocked.Increment(ref *next) - 1;
                }
    }

    private readonly void Block(int s, int h, int i, int rows, float* own)
    {
        int kvHead = h / (options.Heads / options.KvHeads), length = keys.Length(s), shift = length - queries.Length(s);
        int d = sizes.HeadSize, dv = sizes.ValueSize, strideQ = options.Heads * d, strideK = options.KvHeads * d, strideV = options.KvHeads * dv, strideY = options.Heads * dv;
        float* queryRows = q + (long)(queries.Start(s) + i) * strideQ + h * d;
        float* keyRows = k + (long)keys.Start(s) * strideK + kvHead * d;
        float* valueRows = v + (long)keys.Start(s) * strideV + kvHead * dv;
        float* output = y + (long)(queries.Start(s) + i) * strideY + h * dv;
        float* scores = own, maxima = own + QueryBlock * KeyBlock, sums = maxima + QueryBlock;
        new Span<float>(maxima, rows).Fill(float.NegativeInfinity);
        new Span<float>(sums, rows).Clear();
        for (int r = 0; r < rows; r++) new Span<float>(output + (long)r * strideY, dv).Clear();
        int first = AttentionSizes.Visible(i + shift, length, options).First, end = AttentionSizes.Visible(i + rows - 1 + shift, length, options).End;
        for (int j = first; j < end; j += KeyBlock)
        {
            int columns = Math.Min(KeyBlock, end - j);
            Gemm.RunSerial(false, true, rows, columns, d, queryRows, strideQ, keyRows + (long)j * strideK, strideK, scores, KeyBlock, false);
            for (int r = 0; r < rows; r++)
                SoftmaxRow(new(scores + r * KeyBlock, columns), i + r + shift, j, length, ref maxima[r], ref sums[r], new(output + (long)r * strideY, dv));
            Gemm.RunSerial(false, false, rows, dv, columns, scores, KeyBlock, valueRows + (long)j * strideV, strideV, output, strideY, true);
        }
        for (int r = 0; r < rows; r++)
        {
            Span<float> row = new(output + (long)r * strideY, dv);
            bool any = sums[r] > 0;
            if (any) TensorPrimitives.Divide(row, sums[r], row);
            logSums[(long)h * sizes.Queries + queries.Start(s) + i + r] = any ? maxima[r] + MathF.Log(sums[r]) : float.PositiveInfinity;
        }
    }

    private readonly void SoftmaxRow(Span<float> row, int position, int firstKey, int length, ref float max, ref float sum, Span<float> output)
    {
        Span<float> visible = AttentionForward.Visible(row, position, firstKey, length, options);
        if (visible.IsEmpty) return;
        Scores(visible, options);
        float newMax = MathF.Max(max, TensorPrimitives.Max<float>(visible));
        TensorPrimitives.Subtract(visible, newMax, visible);
        TensorPrimitives.Exp(visible, visible);
        float correction = MathF.Exp(max - newMax);
        if (correction != 1f && sum > 0) TensorPrimitives.Multiply(output, correction, output);
        sum = sum * correction + TensorPrimitives.Sum<float>(visible);
        max = newMax;
    }

    /// <summary>The part of a row of scores that is visible; the rest is set to 0, its weight.</summary>
    internal static Span<float> Visible(Span<float> row, int position, int firstKey, int length, AttentionOptions options)
    {
        (int first, int end) = AttentionSizes.Visible(position, length, options);
        first = Math.Clamp(first - firstKey, 0, row.Length);
        end = Math.Clamp(end - firstKey, first, row.Length);
        row[..first].Clear();
        row[end..].Clear();
        return row[first..end];
    }

    /// <summary>Scale and cap, in place.</summary>
    internal static void Scores(Span<float> scores, AttentionOptions options)
    {
        float cap = options.Softcap;
        TensorPrimitives.Multiply(scores, cap > 0 ? options.Scale / cap : options.Scale, scores);
        if (!(cap > 0)) return;
        TensorPrimitives.Tanh(scores, scores);
        TensorPrimitives.Multiply(scores, cap, scores);
    }
}

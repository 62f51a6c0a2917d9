using System.Numerics.Tensors;
using Hone.Tensors.Memory;

namespace Hone.Tensors.Kernels.Attention;

/// <summary>
/// Attention of many consecutive positions over a cache, as when a long prompt is read in chunks: blocks of queries meet blocks of
/// keys as matrix products, with an online softmax (Milakov and Gimelshein 2018, arXiv:1805.02867). Runs on the calling thread.
/// </summary>
public static unsafe class PagedPrefill
{
    private const int BlockRows = 48, BlockKeys = 128;

    /// <summary>Causal attention of positions [start, start + count), whose own keys are in the cache already.</summary>
    /// <param name="cache">Keys and values of one key head.</param>
    /// <param name="start">Position of the first query.</param>
    /// <param name="count">Number of positions.</param>
    /// <param name="queries">[count, heads · D], the heads of one group.</param>
    /// <param name="ldq">Distance between positions in <paramref name="queries"/>.</param>
    /// <param name="heads">Query heads in the group.</param>
    /// <param name="scale">Factor on the scores.</param>
    /// <param name="softcap">Scores s become cap · tanh(s / cap); 0 for none.</param>
    /// <param name="window">Keys a query sees, itself included; 0 for all before it.</param>
    /// <param name="output">[count, heads · D].</param>
    /// <param name="ldo">Distance between positions in <paramref name="output"/>.</param>
    public static void Run(
        in PagedKeys cache, int start, int count, float* queries, nint ldq, int heads, float scale, float softcap, int window, float* output, nint ldo)
    {
        int positions = Math.Max(1, BlockRows / heads), rows = positions * heads, size = cache.Size;
        Workspace work = new(rows, size);
        for (int i = 0; i < count; i += positions)
        {
            int block = Math.Min(positions, count - i);
            for (int p = 0; p < block; p++)
                TensorPrimitives.Multiply(
                    new ReadOnlySpan<float>(queries + (i + p) * ldq, heads * size), softcap > 0 ? scale / softcap : scale,
                    new Span<float>(work.Queries + p * heads * size, heads * size));
            Block(cache, work, start + i, block, heads, softcap, window);
            for (int p = 0; p < block; p++)
                for (int h = 0; h < heads; h++)
                {
                    int row = p * heads + h;
                    TensorPrimitives.Divide(
                        new ReadOnlySpan<float>(work.Mixed + row * size, size), work.Sums[row], new Span<float>(output + (i + p) * ldo + h * size, size));
                }
        }
    }

    private static void Block(in PagedKeys cache, in Workspace work, int position, int positions, int heads, float softcap, int window)
    {
        int rows = positions * heads, size = cache.Size, end = position + positions;
        new Span<float>(work.Maxima, rows).Fill(float.NegativeInfinity);
        new Span<float>(work.Sums, rows).Clear();
        new Span<float>(work.Mixed, rows * size).Clear();
        for (int key = window > 0 ? Math.Max(0, position + 1 - window) : 0; key < end; key += BlockKeys)
        {
            int keys = Math.Min(BlockKeys, end - key);
            Gather(cache, key, keys, work);
            Gemm.RunSerial(false, true, rows, keys, size, work.Queries, size, work.Keys, size, work.Scores, BlockKeys, false);
            for (int r = 0; r < rows; r++)
            {
                int own = position + r / heads, first = window > 0 ? Math.Max(0, own + 1 - window) : 0;
                Advance(work, r, size, keys, Math.Clamp(first - key, 0, keys), Math.Clamp(own + 1 - key, 0, keys), softcap);
            }
            Gemm.RunSerial(false, false, rows, size, keys, work.Scores, BlockKeys, work.Values, size, work.Mixed, size, true);
        }
    }

    private static void Gather(in PagedKeys cache, int first, int count, in Workspace work)
    {
        int size = cache.Size;
        for (int t = 0; t < count;)
        {
            int run = Math.Min(cache.Run(first + t), count - t);
            new ReadOnlySpan<float>(cache.Key(first + t), run * size).CopyTo(new Span<float>(work.Keys + t * size, run * size));
            new ReadOnlySpan<float>(cache.Value(first + t), run * size).CopyTo(new Span<float>(work.Values + t * size, run * size));
            t += run;
        }
    }

    /// <summary>Scores of a row become weights relative to the largest so far; what was mixed before is brought to that scale.</summary>
    private static void Advance(in Workspace work, int row, int size, int keys, int first, int end, float softcap)
    {
        Span<float> scores = new(work.Scores + row * BlockKeys, keys);
        scores[..first].Clear();
        scores[Math.Max(first, end)..].Clear();
        if (first >= end) return;
        Span<float> visible = scores[first..end];
        if (softcap > 0)
        {
            VectorMath.Tanh(visible, visible);
            TensorPrimitives.Multiply(visible, softcap, visible);
        }
        float largest = Math.Max(work.Maxima[row], VectorMath.Max(visible)), correction = MathF.Exp(work.Maxima[row] - largest);
        Span<float> mixed = new(work.Mixed + row * size, size);
        if (correction != 1f) TensorPrimitives.Multiply(mixed, correction, mixed);
        work.Sums[row] = work.Sums[row] * correction + VectorMath.ExpSum(visible, largest);
        work.Maxima[row] = largest;
    }

    /// <summary>Parts of this thread's scratch memory.</summary>
    private readonly struct Workspace
    {
        public readonly float* Queries, Keys, Values, Scores, Mixed, Maxima, Sums;

        public Workspace(int rows, int size)
        {
            long total = 2L * rows * size + 2L * BlockKeys * size + (long)rows * BlockKeys + 2L * rows;
            Queries = Scratch.Floats(ScratchSlot.Attention, total);
            Mixed = Queries + (long)rows * size;
            Keys = Mixed + (long)rows * size;
            Values = Keys + (long)BlockKeys * size;
            Scores = Values + (long)BlockKeys * size;
            Maxima = Scores + (long)rows * BlockKeys;
            Sums = Maxima + rows;
        }
    }
}

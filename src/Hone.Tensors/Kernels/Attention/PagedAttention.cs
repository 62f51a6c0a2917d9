using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hone.Tensors.Kernels.Simd;
using Hone.Tensors.Memory;

namespace Hone.Tensors.Kernels.Attention;

/// <summary>Keys and values of one key head of one sequence, in pages.</summary>
/// <param name="keys">Addresses of pages, each [pageTokens, D].</param>
/// <param name="values">Addresses of pages, each [pageTokens, D].</param>
/// <param name="pageTokens">Tokens per page.</param>
/// <param name="size">D.</param>
public readonly unsafe ref struct PagedKeys(ReadOnlySpan<nint> keys, ReadOnlySpan<nint> values, int pageTokens, int size)
{
    private readonly ReadOnlySpan<nint> keys = keys, values = values;

    /// <summary>D.</summary>
    public int Size => size;

    /// <summary>Tokens from <paramref name="token"/> to the end of its page.</summary>
    public int Run(int token) => pageTokens - token % pageTokens;

    /// <summary>A token's key; those after it on the same page follow it.</summary>
    public float* Key(int token) => (float*)keys[token / pageTokens] + token % pageTokens * size;

    /// <summary>A token's value.</summary>
    public float* Value(int token) => (float*)values[token / pageTokens] + token % pageTokens * size;
}

/// <summary>
/// Attention over a cache: softmax(scale · q kᵀ) v for the query heads that share one key head, so that keys and values are read
/// once for all of them. Runs on the calling thread.
/// </summary>
public static unsafe class PagedAttention
{
    /// <summary>Attention of one position.</summary>
    /// <param name="cache">Keys and values.</param>
    /// <param name="first">First token seen.</param>
    /// <param name="end">One past the last token seen; at least first + 1.</param>
    /// <param name="queries">[heads, D], one query per head of the group.</param>
    /// <param name="heads">Query heads in the group.</param>
    /// <param name="scale">Factor on the scores.</param>
    /// <param name="softcap">Scores s become cap · tanh(s / cap); 0 for none.</param>
    /// <param name="output">[heads, D].</param>
    public static void Run(in PagedKeys cache, int first, int end, float* queries, int heads, float scale, float softcap, float* output)
    {
        int count = end - first;
        float* scores = Scratch.Floats(ScratchSlot.Scores, (long)heads * count);
        Fetch(cache.Value(first), Math.Min(cache.Run(first), count), cache.Size);
        Score(cache, first, count, queries, heads, scores);
        for (int h = 0; h < heads; h++) Normalise(new Span<float>(scores + (long)h * count, count), scale, softcap);
        for (int h = 0; h < heads; h += 2)
            Mix(cache, first, count, scores + (long)h * count, Math.Min(2, heads - h), output + h * cache.Size);
    }

    private static void Score(in PagedKeys cache, int first, int count, float* queries, int heads, float* scores)
    {
        for (int t = 0; t < count;)
        {
            int run = Math.Min(cache.Run(first + t), count - t), next = t + run;
            if (next < count) Fetch(cache.Key(first + next), Math.Min(cache.Run(first + next), count - next), cache.Size);
            Dot(cache.Key(first + t), run, cache.Size, queries, heads, scores + t, count);
            t += run;
        }
    }

    /// <summary>
    /// Asks for the rows of a page while those of the one before are worked on: between two tokens all weights pass through the caches, so that
    /// keys and values come from memory, and pages are too short for the processor to see where they lead.
    /// </summary>
    private static void Fetch(float* rows, int count, int size)
    {
        if (!Sse.IsSupported) return;
        byte* end = (byte*)(rows + (nint)count * size);
        for (byte* line = (byte*)rows; line < end; line += 64) Sse.Prefetch1(line);
    }

    internal static void Dot(float* keys, int run, int size, float* queries, int heads, float* scores, nint stride)
    {
        if (Vector512.IsHardwareAccelerated) DotRows<Simd512, Vector512<float>>(keys, run, size, queries, heads, scores, stride);
        else if (Vector256.IsHardwareAccelerated) DotRows<Simd256, Vector256<float>>(keys, run, size, queries, heads, scores, stride);
        else if (Vector128.IsHardwareAccelerated) DotRows<Simd128, Vector128<float>>(keys, run, size, queries, heads, scores, stride);
        else DotRows<SimdScalar, float>(keys, run, size, queries, heads, scores, stride);
    }

    private static void DotRows<TSimd, TVector>(float* keys, int run, int size, float* queries, int heads, float* scores, nint count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        Matrix.DotProduct<TSimd, TVector>.Run(queries, size, heads, keys, size, 0, run, size, scores, count, 1, false);

    internal static void Normalise(Span<float> scores, float scale, float softcap)
    {
        TensorPrimitives.Multiply(scores, softcap > 0 ? scale / softcap : scale, scores);
        if (softcap > 0)
        {
            VectorMath.Tanh(scores, scores);
            TensorPrimitives.Multiply(scores, softcap, scores);
        }
        float sum = VectorMath.ExpSum(scores, VectorMath.Max(scores));
        TensorPrimitives.Multiply(scores, 1f / sum, scores);
    }

    private static void Mix(in PagedKeys cache, int first, int count, float* weights, int heads, float* output)
    {
        for (int t = 0; t < count;)
        {
            int run = Math.Min(cache.Run(first + t), count - t), next = t + run;
            if (next < count) Fetch(cache.Value(first + next), Math.Min(cache.Run(first + next), count - next), cache.Size);
            float* w0 = weights + t, w1 = heads > 1 ? w0 + count : null;
            MixRun(cache.Value(first + t), run, cache.Size, w0, w1, output, t > 0);
            t += run;
        }
    }

    internal static void MixRun(float* values, int run, int size, float* w0, float* w1, float* output, bool accumulate)
    {
        if (Vector512.IsHardwareAccelerated) MixRows<Simd512, Vector512<float>>.Run(values, run, size, w0, w1, output, accumulate);
        else if (Vector256.IsHardwareAccelerated) MixRows<Simd256, Vector256<float>>.Run(values, run, size, w0, w1, output, accumulate);
        else if (Vector128.IsHardwareAccelerated) MixRows<Simd128, Vector128<float>>.Run(values, run, size, w0, w1, output, accumulate);
        else MixRows<SimdScalar, float>.Run(values, run, size, w0, w1, output, accumulate);
    }
}

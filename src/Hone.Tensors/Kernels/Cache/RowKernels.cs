using Hone.Tensors.Kernels.Attention;
using Hone.Tensors.Memory;

namespace Hone.Tensors.Kernels.Cache;

/// <summary>The steps of attention over fp32 rows of one key head, for stores that put them together themselves.</summary>
public static unsafe class RowKernels
{
    /// <summary>scores[h · stride + t] = queries[h] · rows[t].</summary>
    /// <param name="rows">[count, size].</param>
    /// <param name="count">At least 1.</param>
    /// <param name="size">D.</param>
    /// <param name="queries">[heads, size].</param>
    /// <param name="heads">At least 1.</param>
    /// <param name="scores">[heads, stride].</param>
    /// <param name="stride">Distance between the scores of heads.</param>
    public static void Dot(float* rows, int count, int size, float* queries, int heads, float* scores, nint stride) =>
        PagedAttention.Dot(rows, count, size, queries, heads, scores, stride);

    /// <summary>output[h] += Σ_t weights[h · stride + t] · rows[t].</summary>
    /// <param name="rows">[count, size].</param>
    /// <param name="count">At least 1.</param>
    /// <param name="size">D.</param>
    /// <param name="weights">[heads, stride].</param>
    /// <param name="stride">Distance between the weights of heads.</param>
    /// <param name="heads">At least 1.</param>
    /// <param name="output">[heads, size].</param>
    public static void Mix(float* rows, int count, int size, float* weights, nint stride, int heads, float* output)
    {
        for (int h = 0; h < heads; h += 2)
            PagedAttention.MixRun(rows, count, size, weights + h * stride, h + 1 < heads ? weights + (h + 1) * stride : null, output + h * size, true);
    }

    /// <summary>Scores of a head become weights that sum to 1.</summary>
    public static void Normalise(Span<float> scores, float scale, float softcap) => PagedAttention.Normalise(scores, scale, softcap);

    /// <summary>Memory of this thread for <paramref name="count"/> scores, valid until it asks again or attends over pages.</summary>
    public static float* Scores(long count) => Scratch.Floats(ScratchSlot.Scores, count);

    /// <summary>Memory of this thread for rows written out as numbers; see <see cref="Scores"/>.</summary>
    public static float* Rows(long count) => Scratch.Floats(ScratchSlot.CacheRows, count);
}

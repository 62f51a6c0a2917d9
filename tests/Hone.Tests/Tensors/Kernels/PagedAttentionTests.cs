using Hone.Tensors.Kernels.Attention;

namespace Hone.Tests.Tensors.Kernels;

public sealed unsafe class PagedAttentionTests
{
    [Theory]
    [InlineData(1, 64, 0, 1, 0)]
    [InlineData(3, 64, 0, 33, 0)]
    [InlineData(3, 80, 5, 70, 0)]
    [InlineData(4, 16, 31, 65, 2)]
    [InlineData(1, 7, 3, 64, 0)]
    [InlineData(5, 128, 0, 100, 5)]
    public void EqualsPlainAttention(int heads, int size, int first, int end, float softcap)
    {
        const int pageTokens = 32, pages = 4;
        RandomStream random = new(1, "paged");
        float[][] keys = Pages(random, pages, pageTokens * size), values = Pages(random, pages, pageTokens * size);
        float[] q = Normal(random, heads * size), y = new float[heads * size];
        float scale = 1 / MathF.Sqrt(size);
        nint[] keyPages = [.. keys.Select(Pin)], valuePages = [.. values.Select(Pin)];
        fixed (float* pq = q, py = y)
            PagedAttention.Run(new PagedKeys(keyPages, valuePages, pageTokens, size), first, end, pq, heads, scale, softcap, py);
        for (int h = 0; h < heads; h++)
        {
            double[] weights = new double[end - first];
            for (int t = first; t < end; t++)
            {
                double score = 0;
                for (int d = 0; d < size; d++) score += (double)q[h * size + d] * keys[t / pageTokens][t % pageTokens * size + d];
                score *= scale;
                weights[t - first] = Math.Exp(softcap > 0 ? softcap * Math.Tanh(score / softcap) : score);
            }
            double sum = weights.Sum();
            for (int d = 0; d < size; d++)
            {
                double expected = 0;
                for (int t = first; t < end; t++) expected += weights[t - first] / sum * values[t / pageTokens][t % pageTokens * size + d];
                Assert.Equal(expected, y[h * size + d], 3e-6);
            }
        }
    }

    [Theory]
    [InlineData(1, 64, 0, 40, 0, 0)]
    [InlineData(3, 64, 100, 150, 0, 0)]
    [InlineData(3, 20, 7, 60, 2, 0)]
    [InlineData(4, 32, 90, 70, 0, 33)]
    [InlineData(60, 16, 3, 5, 0, 2)]
    public void Prefill_EqualsOnePositionAtATime(int heads, int size, int start, int count, float softcap, int window)
    {
        const int pageTokens = 32;
        RandomStream random = new(2, "paged");
        int pages = (start + count + pageTokens - 1) / pageTokens, width = heads * size + 5;
        nint[] keys = [.. Pages(random, pages, pageTokens * size).Select(Pin)], values = [.. Pages(random, pages, pageTokens * size).Select(Pin)];
        float[] q = Normal(random, count * width), together = new float[count * width], alone = new float[count * width];
        PagedKeys cache = new(keys, values, pageTokens, size);
        fixed (float* pq = q, pt = together, pa = alone)
        {
            PagedPrefill.Run(cache, start, count, pq, width, heads, 0.3f, softcap, window, pt, width);
            for (int i = 0; i < count; i++)
            {
                int end = start + i + 1, first = window > 0 ? Math.Max(0, end - window) : 0;
                PagedAttention.Run(cache, first, end, pq + i * width, heads, 0.3f, softcap, pa + i * width);
            }
        }
        for (int i = 0; i < alone.Length; i++) Assert.Equal(alone[i], together[i], 3e-6);
    }

    [Fact]
    public void LargeScores_DoNotOverflow()
    {
        float[] keys = new float[32 * 16], values = new float[32 * 16], q = new float[16], y = new float[16];
        Array.Fill(q, 100f);
        Array.Fill(keys, 100f, 16 * 7, 16); // token 7 wins by far
        Array.Fill(values, 2f, 16 * 7, 16);
        nint[] keyPages = [Pin(keys)], valuePages = [Pin(values)];
        fixed (float* pq = q, py = y) PagedAttention.Run(new PagedKeys(keyPages, valuePages, 32, 16), 0, 20, pq, 1, 1, 0, py);
        Assert.All(y, value => Assert.Equal(2f, value));
    }

    private static float[][] Pages(RandomStream random, int pages, int floats) => [.. Enumerable.Range(0, pages).Select(_ => Normal(random, floats))];

    private static float[] Normal(RandomStream random, int count)
    {
        float[] values = GC.AllocateUninitializedArray<float>(count, pinned: true);
        random.FillNormal(values, 0, 1);
        return values;
    }

    /// <summary>Address of an array on the pinned heap, or one that a test keeps alive.</summary>
    private static nint Pin(float[] array)
    {
        float[] pinned = GC.AllocateUninitializedArray<float>(array.Length, pinned: true);
        array.CopyTo(pinned, 0);
        Kept.Add(pinned);
        fixed (float* p = pinned) return (nint)p;
    }

    private static readonly System.Collections.Concurrent.ConcurrentBag<float[]> Kept = [];
}

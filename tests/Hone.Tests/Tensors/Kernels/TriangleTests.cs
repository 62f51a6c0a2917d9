using Hone.Core;
using Hone.Tensors.Kernels;
using Hone.Tensors.Kernels.Matrix;

namespace Hone.Tests.Tensors.Kernels;

/// <summary>Products that leave out a triangle agree with whole ones wherever somebody reads.</summary>
public sealed unsafe class TriangleTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, -40)]
    [InlineData(3, 17)]
    public void Left_out_work_is_not_missed(int group, int offset)
    {
        RandomStream random = new(group, "triangle");
        foreach ((int rows, int keys, int size) in new[] { (60, 64, 48), (96, 200, 48), (17, 33, 16), (5, 256, 70), (130, 7, 12) })
        {
            float[] scores = [.. Enumerable.Range(0, rows * keys).Select(_ => random.NextSingle() - 0.5f)], x = Numbers(random, rows * size), y = Numbers(random, keys * size);
            bool[] seen = [.. Enumerable.Range(0, rows * keys).Select(i => i % keys <= i / keys / group + offset)];
            float[] weights = [.. scores.Select((s, i) => seen[i] ? s : 0f)];
            Triangle triangle = new(TrianglePart.Result, offset, group);
            float[] products = Product(false, true, rows, keys, size, x, size, y, size, default), some = Product(false, true, rows, keys, size, x, size, y, size, triangle);
            for (int i = 0; i < seen.Length; i++) Assert.True(!seen[i] || products[i] == some[i]);
            Assert.Equal(
                Product(false, false, rows, size, keys, weights, keys, y, size, default),
                Product(false, false, rows, size, keys, weights, keys, y, size, triangle.In(TrianglePart.Left)));
            Assert.Equal(
                Product(true, false, keys, size, rows, weights, keys, x, size, default),
                Product(true, false, keys, size, rows, weights, keys, x, size, triangle.In(TrianglePart.LeftTransposed)));
        }
    }

    private static float[] Numbers(RandomStream random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];

    private static float[] Product(bool transposeA, bool transposeB, int m, int n, int k, float[] a, int lda, float[] b, int ldb, Triangle triangle)
    {
        float[] c = [.. Enumerable.Range(0, m * n).Select(i => i % 7 * 0.25f)];
        fixed (float* pa = a, pb = b, pc = c) Gemm.RunSerial(transposeA, transposeB, m, n, k, pa, lda, pb, ldb, pc, n, true, triangle);
        return c;
    }
}

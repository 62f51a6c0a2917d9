using Hone.Tensors.Kernels;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Kernels;

public sealed unsafe class GemmTests
{
    private static readonly int[] Sizes = [1, 2, 3, 5, 8, 9, 13, 16, 17, 31, 33, 47, 64, 70];

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void EqualsReference_ManyShapes(bool transposeA, bool transposeB)
    {
        using WorkerPool workers = new(3);
        RandomStream random = new RandomStream(7, "gemm");
        foreach (int m in Sizes)
            foreach (int n in Sizes)
                foreach (int k in new[] { 1, 3, 16, 37 })
                    Check(workers, random, transposeA, transposeB, m, n, k, (m + n) % 2 == 0, n % 3 == 0);
    }

    [Theory]
    [InlineData(200, 70, 1100)] // three passes over k
    [InlineData(401, 33, 40)] // three blocks of rows
    [InlineData(20, 2100, 17)] // two blocks of columns
    [InlineData(7, 515, 601)]
    [InlineData(530, 6, 601)]
    [InlineData(64, 96, 513)]
    public void EqualsReference_SeveralBlocks(int m, int n, int k)
    {
        using WorkerPool workers = new(2);
        RandomStream random = new RandomStream(8, "gemm");
        for (int t = 0; t < 4; t++) Check(workers, random, (t & 1) != 0, (t & 2) != 0, m, n, k, t == 1, t == 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EmptySum_ClearsOrKeeps(bool accumulate)
    {
        using WorkerPool workers = new(1);
        float[] c = [1, 2, 3, 4];
        fixed (float* pc = c) Gemm.Run(workers, false, false, 2, 2, 0, pc, 1, pc, 2, pc, 2, accumulate);
        Assert.Equal(accumulate ? [1, 2, 3, 4] : [0f, 0, 0, 0], c);
    }

    [Fact]
    public void SameBits_ForAnyNumberOfThreads()
    {
        foreach ((int m, int n, int k) in new[] { (130, 97, 700), (5, 300, 64), (300, 5, 640), (33, 65, 129), (12, 4000, 60) })
            foreach (bool transposeB in new[] { false, true })
            {
                float[] one = Product(1, m, n, k, transposeB);
                foreach (int threads in new[] { 2, 3, 5 }) Assert.Equal(one, Product(threads, m, n, k, transposeB));
            }
    }

    [Fact]
    public void Serial_EqualsThreaded()
    {
        const int m = 70, n = 90, k = 100;
        float[] a = Numbers(new RandomStream(1, "gemm"), m * k), b = Numbers(new RandomStream(2, "gemm"), k * n), c = new float[m * n];
        fixed (float* pa = a, pb = b, pc = c) Gemm.RunSerial(false, true, m, n, k, pa, k, pb, k, pc, n, false);
        Assert.Equal(Product(2, m, n, k, true), c);
    }

    [Fact]
    public void AllocatesNothingAfterTheFirstCall()
    {
        using WorkerPool workers = new(2);
        float[] a = new float[128 * 128], b = new float[128 * 128], c = new float[128 * 128];
        fixed (float* pa = a, pb = b, pc = c)
        {
            for (int i = 0; i < 3; i++) Gemm.Run(workers, false, true, 128, 128, 128, pa, 128, pb, 128, pc, 128, true);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20; i++) Gemm.Run(workers, false, true, 128, 128, 128, pa, 128, pb, 128, pc, 128, true);
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    private static float[] Product(int threads, int m, int n, int k, bool transposeB)
    {
        using WorkerPool workers = new(threads);
        float[] a = Numbers(new RandomStream(1, "gemm"), m * k), b = Numbers(new RandomStream(2, "gemm"), k * n), c = new float[m * n];
        fixed (float* pa = a, pb = b, pc = c)
            Gemm.Run(workers, false, transposeB, m, n, k, pa, k, pb, transposeB ? k : n, pc, n, false);
        return c;
    }

    /// <summary>Compares with the oracle inside larger matrices whose other elements must not change.</summary>
    private static void Check(
        WorkerPool workers, RandomStream random, bool transposeA, bool transposeB, int m, int n, int k, bool accumulate, bool fused)
    {
        int lda = (transposeA ? m : k) + 3, ldb = (transposeB ? k : n) + 1, ldc = n + 2;
        float[] a = Numbers(random, (transposeA ? k : m) * lda), b = Numbers(random, (transposeB ? n : k) * ldb);
        float[] c = Numbers(random, m * ldc), expected = (float[])c.Clone(), bias = Numbers(random, n), residual = Numbers(random, m * n);
        fixed (float* pa = a, pb = b, pc = c, pe = expected, pbias = bias, pres = residual)
        {
            float* useBias = fused ? pbias : null, useResidual = fused ? pres : null;
            Gemm.Run(workers, transposeA, transposeB, m, n, k, pa, lda, pb, ldb, pc, ldc, accumulate, useBias, useResidual, n);
            GemmReference.Run(transposeA, transposeB, m, n, k, pa, lda, pb, ldb, pe, ldc, accumulate, useBias, useResidual, n);
        }
        float tolerance = 1e-6f * (4 + k);
        for (int i = 0; i < c.Length; i++)
            if (!(Math.Abs(c[i] - expected[i]) <= tolerance))
                Assert.Fail($"A{(transposeA ? "ᵀ" : "")}·B{(transposeB ? "ᵀ" : "")} {m}x{n}x{k} accumulate={accumulate}: [{i / ldc}, {i % ldc}] is {c[i]}, expected {expected[i]}");
    }

    private static float[] Numbers(RandomStream random, int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float)(random.NextDouble() * 2 - 1);
        return values;
    }
}

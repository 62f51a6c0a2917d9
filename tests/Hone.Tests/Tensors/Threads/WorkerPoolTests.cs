using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Threads;

public sealed unsafe class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void EveryItemIsDoneOnce(int threads)
    {
        using WorkerPool pool = new(threads);
        foreach (int items in new[] { 1, 2, 3, 16, 17, 100, 1000 })
            foreach (int grain in new[] { 1, 3, 16 })
            {
                int[] done = new int[items];
                CountJob job = new(done, grain);
                pool.For(items, grain, ref job);
                Assert.All(done, times => Assert.Equal(1, times));
            }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void SharedItemsAreDoneOnce_WhoeverDoesThem(int threads)
    {
        using WorkerPool pool = new(threads);
        foreach (int items in new[] { 1, 2, 3, 16, 17, 100, 1000 })
            foreach (int chunk in new[] { 1, 3, 16 })
            {
                int[] done = new int[items];
                CountJob job = new(done, 1);
                pool.ForShared(items, chunk, ref job);
                Assert.All(done, times => Assert.Equal(1, times));
            }
    }

    [Fact]
    public void ManyJobs_FromManyThreads_AllComplete()
    {
        using WorkerPool pool = new(3);
        int[][] done = [new int[64], new int[64], new int[64], new int[64]];
        Thread[] callers = [.. done.Select(mine => new Thread(() =>
        {
            for (int i = 0; i < 5000; i++)
            {
                CountJob job = new(mine, 1);
                pool.For(mine.Length, 1, ref job);
                if (i % 1000 == 0) Thread.Sleep(1); // long enough for the workers to fall asleep
            }
        }))];
        foreach (Thread caller in callers) caller.Start();
        foreach (Thread caller in callers) Assert.True(caller.Join(TimeSpan.FromMinutes(2)), "a job never finished");
        Assert.All(done, mine => Assert.All(mine, times => Assert.Equal(5000, times)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(9)]
    public void Exceptions_ReachTheCaller_AndThePoolGoesOn(int bad)
    {
        using WorkerPool pool = new(3);
        for (int i = 0; i < 50; i++)
        {
            ThrowJob job = new(bad);
            InvalidOperationException error = Assert.Throws<InvalidOperationException>(() =>
            {
                ThrowJob mine = job;
                pool.For(10, 1, ref mine);
            });
            Assert.Equal($"item {bad}", error.Message);
            int[] done = new int[10];
            CountJob good = new(done, 1);
            pool.For(10, 1, ref good);
            Assert.All(done, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void JobsInsideJobs_RunOnTheirWorker()
    {
        using WorkerPool pool = new(3);
        int[] done = new int[30];
        NestedJob job = new(pool, done);
        pool.For(3, 1, ref job);
        Assert.All(done, times => Assert.Equal(1, times));
    }

    [Fact]
    public void LargeRanges_DoNotOverflow()
    {
        using WorkerPool pool = new(4);
        long sum = 0;
        SumJob job = new(&sum);
        pool.For(int.MaxValue, 1024, ref job);
        Assert.Equal(int.MaxValue, sum);
    }

    [Fact]
    public void Disposed_Throws()
    {
        WorkerPool pool = new(2);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
        {
            CountJob job = new(new int[4], 1);
            pool.For(4, 1, ref job);
        });
    }

    private readonly struct CountJob(int[] done, int grain) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            Assert.True(start % grain == 0 && start < end);
            for (int i = start; i < end; i++) Interlocked.Increment(ref done[i]);
        }
    }

    private readonly struct ThrowJob(int bad) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            if (start <= bad && bad < end) throw new InvalidOperationException($"item {bad}");
        }
    }

    private readonly struct NestedJob(WorkerPool pool, int[] done) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i++)
            {
                InnerJob inner = new(worker, done, i * 10);
                pool.For(10, 1, ref inner);
            }
        }
    }

    private readonly struct InnerJob(int expected, int[] done, int offset) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            Assert.Equal(expected, worker);
            for (int i = start; i < end; i++) Interlocked.Increment(ref done[offset + i]);
        }
    }

    private readonly struct SumJob(long* sum) : IRangeJob
    {
        public void Run(int worker, int start, int end) => Interlocked.Add(ref *sum, end - start);
    }
}

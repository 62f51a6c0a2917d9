using Hone.Methods.Tasks;
using Hone.Tensors.Threads;

namespace Hone.Tests.Methods;

public class SideBySideTests
{
    [Fact]
    public void Results_come_in_the_order_of_the_jobs_and_every_job_computes_on_one_thread()
    {
        WorkerPool outside = WorkerPool.Shared;
        (int Job, int Threads, bool IsOwn)[] results = SideBySide.Run<(int, int, bool)>([.. Enumerable.Range(0, 20).Select(i => (Func<(int, int, bool)>)(() =>
        {
            Thread.Sleep((20 - i) % 3);
            return (i, WorkerPool.Shared.Threads, WorkerPool.Shared != outside);
        }))]);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (i, 1, true)), results);
        Assert.Same(outside, WorkerPool.Shared);
    }

    [Fact]
    public void Arms_keep_their_seeds_apart()
    {
        Dictionary<string, List<string>> arms = SideBySide.Run<string>(3, [("a", s => $"a{s}"), ("b", s => $"b{s}")]);
        Assert.Equal(["a0", "a1", "a2"], arms["a"]);
        Assert.Equal(["b0", "b1", "b2"], arms["b"]);
    }

    [Fact]
    public void The_error_of_a_job_is_thrown_and_no_further_job_begins()
    {
        int begun = 0;
        HoneException error = Assert.Throws<HoneException>(() => SideBySide.Run<int>([.. Enumerable.Range(0, 100).Select(i => (Func<int>)(() =>
        {
            Interlocked.Increment(ref begun);
            Thread.Sleep(1);
            return i == 3 ? throw new HoneException("the fourth job failed.") : i;
        }))]));
        Assert.Equal("the fourth job failed.", error.Message);
        Assert.InRange(begun, 4, 99);
    }

    [Fact]
    public void A_pool_in_use_is_given_back_even_when_the_work_throws()
    {
        WorkerPool outside = WorkerPool.Shared;
        using WorkerPool own = new(1);
        Assert.Throws<InvalidOperationException>(() => own.Use<int>(() => throw new InvalidOperationException()));
        Assert.Same(outside, WorkerPool.Shared);
        Assert.Same(own, own.Use(() => WorkerPool.Shared));
    }
}

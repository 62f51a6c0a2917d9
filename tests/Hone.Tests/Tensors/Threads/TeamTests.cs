using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Threads;

public sealed class TeamTests
{
    /// <summary>Each stage takes every item once and sees all of what the stage before wrote.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Stages_TakeEveryItemOnce_AndSeeTheOneBefore(int threads)
    {
        using WorkerPool pool = new(threads);
        foreach ((int items, int chunk) in new[] { (1, 1), (7, 2), (64, 5), (3, 16) })
        {
            StagesJob job = new(new int[items], new int[1], items, chunk, stages: 50);
            pool.Together(ref job);
            Assert.All(job.Done, times => Assert.Equal(50, times));
            Assert.Equal(0, job.Wrong[0]);
        }
    }

    [Fact]
    public void Parts_AreContiguousAndCoverAll()
    {
        using WorkerPool pool = new(3);
        PartJob job = new(new (int, int)[3]);
        pool.Together(ref job);
        Assert.Equal([(0, 3), (3, 6), (6, 10)], job.Parts);
    }

    /// <summary>Others who wait at a meeting that will never be are sent home, and the pool works on.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void AnError_IsThrownToTheCaller_AndNobodyWaitsForever(int failing)
    {
        using WorkerPool pool = new(2);
        for (int i = 0; i < 20; i++)
        {
            FailingJob bad = new(failing);
            Assert.Equal("broken", Assert.Throws<InvalidOperationException>(() => pool.Together(ref bad)).Message);
        }
        StagesJob good = new(new int[9], new int[1], 9, 2, stages: 4);
        pool.Together(ref good);
        Assert.All(good.Done, times => Assert.Equal(4, times));
    }

    /// <summary>From inside a job the calling thread is a team of one.</summary>
    [Fact]
    public void InsideAJob_TheCallingThreadGoesAlone()
    {
        using WorkerPool pool = new(2);
        int[][] done = [new int[5], new int[5]];
        NestedJob job = new(pool, done);
        pool.For(2, 1, ref job);
        Assert.All(done, mine => Assert.All(mine, times => Assert.Equal(6, times)));
    }

    private readonly struct StagesJob(int[] done, int[] wrong, int items, int chunk, int stages) : ITeamJob
    {
        public int[] Done => done;

        public int[] Wrong => wrong;

        public void Run(TeamMember me)
        {
            for (int stage = 0; stage < stages; stage++)
            {
                if (done.Any(times => times != stage)) Interlocked.Increment(ref wrong[0]);
                me.Meet();
                while (me.Take(items, chunk, out int start, out int end))
                    for (int i = start; i < end; i++) done[i]++;
                me.Meet();
            }
        }
    }

    private readonly struct PartJob((int, int)[] parts) : ITeamJob
    {
        public (int, int)[] Parts => parts;

        public void Run(TeamMember me) => parts[me.Worker] = me.Part(10);
    }

    private readonly struct FailingJob(int failing) : ITeamJob
    {
        public void Run(TeamMember me)
        {
            me.Meet();
            if (me.Worker == failing) throw new InvalidOperationException("broken");
            me.Meet();
        }
    }

    private readonly struct NestedJob(WorkerPool pool, int[][] done) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i++)
            {
                StagesJob job = new(done[i], new int[1], 5, 2, stages: 6);
                pool.Together(ref job);
            }
        }
    }
}

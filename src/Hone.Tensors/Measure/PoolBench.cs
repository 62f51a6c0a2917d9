using Hone.Tensors.Threads;

namespace Hone.Tensors.Measure;

/// <summary>Measures what it costs to hand a job to all workers and wait for them.</summary>
public static class PoolBench
{
    /// <summary>Time of an empty job, in microseconds.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="seconds">How long to measure.</param>
    public static Measurement HandOver(WorkerPool workers, double seconds = 0.5)
    {
        double best = BestOf.Seconds(
            () =>
            {
                EmptyJob job = default;
                workers.For(workers.Threads, 1, ref job);
            },
            seconds);
        return Measurement.Now("job hand-over", best * 1e6, "us", 1, workers.Threads);
    }

    private readonly struct EmptyJob : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
        }
    }
}

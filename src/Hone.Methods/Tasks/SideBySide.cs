using System.Runtime.ExceptionServices;
using Hone.Tensors.Threads;

namespace Hone.Methods.Tasks;

/// <summary>
/// Independent parts of an experiment, such as arms and seeds, at the same time. A model of a million weights gains little from a second
/// thread, two such models gain all of it. Each part computes on one thread whatever the machine has, so its result does not depend on
/// how many run beside it.
/// </summary>
public static class SideBySide
{
    /// <summary>Runs all jobs, as many at a time as there are processors; the first ones of the list begin first.</summary>
    /// <param name="jobs">They must not touch a common model: each loads or makes its own, inside the job.</param>
    /// <returns>[jobs] results in the order of the jobs.</returns>
    /// <exception cref="Exception">What the first job that failed threw; jobs that had not begun are left out then.</exception>
    public static T[] Run<T>(IReadOnlyList<Func<T>> jobs)
    {
        T[] results = new T[jobs.Count];
        ExceptionDispatchInfo? failure = null;
        int next = -1;
        Thread[] threads = [.. Enumerable.Range(0, Math.Min(jobs.Count, WorkerPool.Shared.Threads)).Select(i => new Thread(Loop) { IsBackground = true, Name = $"hone-arm-{i}" })];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        failure?.Throw();
        return results;

        void Loop()
        {
            using WorkerPool own = new(1);
            while (failure is null && Interlocked.Increment(ref next) is var job && job < jobs.Count)
            {
                try
                {
                    results[job] = own.Use(jobs[job]);
                }
#pragma warning disable CA1031 // whatever it was, it is thrown again on the calling thread
                catch (Exception error)
                {
                    Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(error), null);
                }
#pragma warning restore CA1031
            }
        }
    }

    /// <summary>Runs every arm on every seed, seed by seed.</summary>
    /// <param name="seeds">Number of seeds.</param>
    /// <param name="arms">Names and what is done for the seed with that number, from 0.</param>
    /// <returns>By arm, [seeds] results.</returns>
    public static Dictionary<string, List<T>> Run<T>(int seeds, IReadOnlyList<(string Name, Func<int, T> Run)> arms)
    {
        T[] results = Run([.. from s in Enumerable.Range(0, seeds) from arm in arms select (Func<T>)(() => arm.Run(s))]);
        return arms.Select((arm, a) => (arm.Name, Results: Enumerable.Range(0, seeds).Select(s => results[s * arms.Count + a]).ToList())).ToDictionary(a => a.Name, a => a.Results);
    }
}

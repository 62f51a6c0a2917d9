using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Hone.Tensors.Threads;

/// <summary>A piece of parallel work: called once per worker with that worker's contiguous part of the whole range.</summary>
public interface IRangeJob
{
    /// <summary>Does items [<paramref name="start"/>, <paramref name="end"/>).</summary>
    /// <param name="worker">0 to threads - 1: which worker runs, for its own scratch memory.</param>
    /// <param name="start">First item.</param>
    /// <param name="end">One past the last item.</param>
    void Run(int worker, int start, int end);
}

/// <summary>
/// Threads of our own with a static partition: worker w always gets the same part of a range, so sums have a fixed order
/// and results are bit-identical for a given thread count. The calling thread is worker 0. Workers spin for a short while
/// between jobs (a training step has hundreds of them) and then sleep. One job at a time: calls from several threads queue
/// up, and a call from inside a job of the same pool does all its work on the calling worker.
/// </summary>
public sealed unsafe class WorkerPool : IDisposable
{
    private readonly Thread[] threads;
    private readonly Doorbell[] bells;
    private readonly Lock gate = new();
    private delegate*<void*, int, int, int, void> entry;
    private void* job;
    private int count, partGrain, partBlocks;
    private PaddedInt pending;
    private ExceptionDispatchInfo? failure;
    private volatile bool stopping;
    private Team? team;

    [ThreadStatic]
    private static WorkerPool? busyIn;

    [ThreadStatic]
    private static int busyAs;

    /// <param name="threads">Number of workers, the caller included; 0 takes the number of processors.</param>
    public WorkerPool(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        this.threads = new Thread[Threads - 1];
        bells = new Doorbell[Threads - 1];
        for (int i = 0; i < this.threads.Length; i++)
        {
            int worker = i + 1;
            bells[i] = new Doorbell();
            this.threads[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"hone-worker-{worker}" };
            this.threads[i].Start();
        }
    }

    /// <summary>The pool of callers that were not given one: over all processors, unless this thread is inside <see cref="Use"/>.</summary>
    public static WorkerPool Shared => used ?? SharedPool.Value;

    [ThreadStatic]
    private static WorkerPool? used;

    private static readonly Lazy<WorkerPool> SharedPool = new(() => new WorkerPool());

    /// <summary>Number of workers, the calling thread included.</summary>
    public int Threads { get; }

    /// <summary>Does work on the calling thread with this pool as <see cref="Shared"/>, so that all it makes computes here.</summary>
    public T Use<T>(Func<T> work)
    {
        WorkerPool? outer = used;
        used = this;
        try
        {
            return work();
        }
        finally
        {
            used = outer;
        }
    }

    /// <summary>
    /// Splits [0, <paramref name="items"/>) into one contiguous part per worker, in multiples of <paramref name="grain"/>, and
    /// returns when all are done. Exceptions of workers are thrown here, after all have finished; of several, one is.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public void For<TJob>(int items, int grain, ref TJob work) where TJob : struct, IRangeJob, allows ref struct
    {
        if (items <= 0) return;
        if (Threads == 1 || items <= grain || busyIn == this)
        {
            work.Run(busyIn == this ? busyAs : 0, 0, items);
            return;
        }
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            (count, partGrain, partBlocks) = (items, grain, (items - 1) / grain + 1);
            job = Unsafe.AsPointer(ref work);
            entry = &Invoke<TJob>;
            failure = null;
            Volatile.Write(ref pending.Value, threads.Length);
            foreach (Doorbell bell in bells) bell.Ring();
            RunPart(0);
            SpinThenYield wait = default;
            while (Volatile.Read(ref pending.Value) > 0) wait.Once();
            job = null;
            failure?.Throw();
        }
    }

    /// <summary>
    /// Like <see cref="For"/>, but in chunks, and whoever is done with its own part takes chunks of the others': for work whose result does not
    /// depend on who does it. A thread that was held up, by another program or by memory, then holds up nobody.
    /// </summary>
    /// <param name="items">Number of items.</param>
    /// <param name="chunk">Items of one call.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public void ForShared<TJob>(int items, int chunk, ref TJob work) where TJob : struct, IRangeJob, allows ref struct
    {
        if (items <= 0) return;
        if (Threads == 1 || items <= chunk || busyIn == this)
        {
            work.Run(busyIn == this ? busyAs : 0, 0, items);
            return;
        }
        PaddedInt* taken = stackalloc PaddedInt[Threads];
        for (int i = 0; i < Threads; i++) taken[i].Value = 0;
        SharedJob job = new(Unsafe.AsPointer(ref work), &Invoke<TJob>, items, chunk, Threads, taken);
        For(Threads, 1, ref job);
    }

    private readonly struct SharedJob(void* work, delegate*<void*, int, int, int, void> run, int items, int chunk, int threads, PaddedInt* taken) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int turn = 0; turn < threads; turn++)
            {
                int owner = (worker + turn) % threads, first = (int)((long)items * owner / threads), last = (int)((long)items * (owner + 1) / threads);
                while (true)
                {
                    int from = first + Interlocked.Add(ref taken[owner].Value, chunk) - chunk;
                    if (from >= last) break;
                    run(work, worker, from, Math.Min(from + chunk, last));
                }
            }
        }
    }

    /// <summary>
    /// All threads go through a job side by side and meet when it says so: for work of many short stages. From inside a job of the same pool
    /// the calling thread goes through it alone.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public void Together<TJob>(ref TJob work) where TJob : struct, ITeamJob, allows ref struct
    {
        if (busyIn == this)
        {
            using Team alone = new(1);
            RunTogether(alone, ref work);
            return;
        }
        lock (gate)
        {
            RunTogether(team ??= new Team(Threads), ref work);
        }
    }

    private void RunTogether<TJob>(Team members, ref TJob work) where TJob : struct, ITeamJob, allows ref struct
    {
        members.Begin();
        TeamRun<TJob> job = new(members, Unsafe.AsPointer(ref work));
        For(members.Threads, 1, ref job);
        if (!members.IsBroken) return;
        if (members == team) team = null;
        members.Dispose();
        members.Throw();
    }

    private void RunPart(int worker)
    {
        int start = (int)((long)partBlocks * worker / Threads) * partGrain;
        int end = (int)Math.Min(count, (long)partBlocks * (worker + 1) / Threads * partGrain);
        if (start >= end) return;
        WorkerPool? outer = busyIn; // a job of one pool may use another
        int outerAs = busyAs;
        (busyIn, busyAs) = (this, worker);
        try
        {
            entry(job, worker, start, end);
        }
#pragma warning disable CA1031 // whatever it was, it is thrown again on the calling thread
        catch (Exception error)
        {
            failure = ExceptionDispatchInfo.Capture(error);
        }
#pragma warning restore CA1031
        finally
        {
            (busyIn, busyAs) = (outer, outerAs);
        }
    }

    private static void Invoke<TJob>(void* job, int worker, int start, int end) where TJob : struct, IRangeJob, allows ref struct =>
        Unsafe.AsRef<TJob>(job).Run(worker, start, end);

    private void Loop(int worker)
    {
        Doorbell bell = bells[worker - 1];
        while (true)
        {
            bell.Wait();
            if (stopping) return;
            RunPart(worker);
            Interlocked.Decrement(ref pending.Value);
        }
    }

    /// <summary>Ends the threads once a running job is done.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (stopping) return;
            stopping = true;
            foreach (Doorbell bell in bells) bell.Ring();
        }
        foreach (Thread thread in threads) thread.Join();
        foreach (Doorbell bell in bells) bell.Dispose();
        team?.Dispose();
    }
}

using System.Collections.Concurrent;
using Hone.Core;

namespace Hone.Inference;

/// <summary>
/// Runs an engine on a thread of its own, so that requests of many callers are decoded together: each joins at the next step.
/// Thread-safe.
/// </summary>
public sealed class EngineHost : IDisposable
{
    internal const int IdleMilliseconds = 2000;

    private readonly Engine engine;
    private readonly BlockingCollection<Action<GenerationSession>> orders = [];
    private readonly Dictionary<int, Job> jobs = [];
    private readonly Thread thread;
    private int next, disposed;
    private long steps, generated, reusedBefore;
    private volatile EngineStatus status = new(0, 0, 0, 0, 0, 0, 0);

    /// <param name="engine">From now on used by this host alone.</param>
    public EngineHost(Engine engine)
    {
        this.engine = engine;
        thread = new Thread(Run) { IsBackground = true, Name = "hone-engine" };
        thread.Start();
    }

    /// <summary>The engine's model, tokenizer and settings; generating is for the host.</summary>
    public Engine Engine => engine;

    /// <summary>What it is doing.</summary>
    public EngineStatus Status => status;

    /// <summary>Generates all samples of a request.</summary>
    /// <param name="request">Prompt and options.</param>
    /// <param name="onToken">Hears of every token, on the host's thread; must return quickly and not throw.</param>
    /// <param name="cancellation">Gives the request up; other requests go on.</param>
    /// <exception cref="HoneException">The request cannot be met.</exception>
    public Task<IReadOnlyList<GenerationResult>> GenerateAsync(GenerationRequest request, Action<TokenEvent>? onToken = null, CancellationToken cancellation = default)
    {
        int index = Interlocked.Increment(ref next);
        Job job = new(request.Samples, onToken);
        orders.Add(session => Begin(session, request, index, job), cancellation);
        CancellationTokenRegistration registration = cancellation.Register(() => TryOrder(session => GiveUp(session, index, cancellation)));
        _ = job.Completion.Task.ContinueWith(_ => registration.Dispose(), TaskScheduler.Default);
        return job.Completion.Task;
    }

    /// <summary>
    /// Runs other work with the model between two steps, such as scoring a text: so it never computes beside the engine and may
    /// use what belongs to the engine. Running requests wait for it.
    /// </summary>
    /// <param name="work">What to do, on the host's thread.</param>
    /// <param name="cancellation">Gives up work that has not begun.</param>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation = default)
    {
        TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        orders.Add(_ => Complete(completion, work, cancellation), cancellation);
        return completion.Task;
    }

    /// <summary>Forgets the prompts that are kept for later requests; call when the model was changed.</summary>
    public Task ClearPrefixesAsync()
    {
        TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        orders.Add(session =>
        {
            session.ClearPrefixes();
            Note(session);
            completion.SetResult();
        });
        return completion.Task;
    }

    /// <summary>Stops after the current step; requests that run are cancelled.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1) return;
        orders.CompleteAdding();
        thread.Join();
        orders.Dispose();
    }

    private void Run()
    {
        GenerationSession session = NewSession();
        while (!orders.IsCompleted)
        {
            // With nothing to do it waits for an order; otherwise it takes what is there and goes on.
            if (jobs.Count == 0) Rest(session);
            while (orders.TryTake(out Action<GenerationSession>? order)) order(session);
            if (jobs.Count > 0 && !orders.IsAddingCompleted) session = Step(session);
        }
        foreach (Job job in jobs.Values) job.Completion.TrySetCanceled();
        session.Dispose();
    }

    private GenerationSession NewSession() => new(engine, (index, error) =>
    {
        if (jobs.Remove(index, out Job? job)) job.Completion.TrySetException(error);
    });

    // Memory goes back only after a while: a caller who asks again at once would have to wait until the system has cleared it anew.
    private void Rest(GenerationSession session)
    {
        Note(session);
        if (!orders.TryTake(out Action<GenerationSession>? order, IdleMilliseconds))
        {
            session.Trim();
            Note(session);
            orders.TryTake(out order, Timeout.Infinite);
        }
        order?.Invoke(session);
    }

    private void Note(GenerationSession session) => status = new(
        session.Active, session.Waiting, session.CacheBytes, session.PrefixTokens, reusedBefore + session.ReusedTokens, steps, generated);

    private GenerationSession Step(GenerationSession session)
    {
        try
        {
            steps++;
            foreach (TokenEvent token in session.Step() ?? [])
            {
                generated++;
                if (jobs.TryGetValue(token.Request, out Job? job)) job.OnToken?.Invoke(token);
            }
            Note(session); // before anyone hears that it is done
            foreach (GenerationResult result in session.TakeResults()) Finish(result);
            return session;
        }
#pragma warning disable CA1031 // handed to the callers: the host itself lives on
        catch (Exception error)
        {
            foreach (Job job in jobs.Values) job.Completion.TrySetException(error);
            jobs.Clear();
            reusedBefore += session.ReusedTokens;
            session.Dispose();
            return NewSession();
        }
#pragma warning restore CA1031
    }

    private void Begin(GenerationSession session, GenerationRequest request, int index, Job job)
    {
        try
        {
            session.Add(request, index);
            jobs[index] = job;
        }
        catch (HoneException error)
        {
            job.Completion.TrySetException(error);
        }
    }

    private void GiveUp(GenerationSession session, int index, CancellationToken cancellation)
    {
        if (!jobs.Remove(index, out Job? job)) return;
        session.Cancel(index);
        job.Completion.TrySetCanceled(cancellation);
    }

    private void Finish(GenerationResult result)
    {
        if (!jobs.TryGetValue(result.Request, out Job? job)) return;
        job.Results.Add(result);
        if (job.Results.Count < job.Samples) return;
        jobs.Remove(result.Request);
        job.Completion.TrySetResult([.. job.Results.OrderBy(r => r.Sample)]);
    }

    private static void Complete<T>(TaskCompletionSource<T> completion, Func<T> work, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            completion.TrySetCanceled(cancellation);
            return;
        }
#pragma warning disable CA1031 // handed to the caller
        try
        {
            completion.TrySetResult(work());
        }
        catch (Exception error)
        {
            completion.TrySetException(error);
        }
#pragma warning restore CA1031
    }

    private void TryOrder(Action<GenerationSession> order)
    {
        try
        {
            orders.Add(order);
        }
        catch (InvalidOperationException)
        {
            // The host is stopping: it cancels everything itself.
        }
    }

    private sealed class Job(int samples, Action<TokenEvent>? onToken)
    {
        public int Samples => samples;

        public Action<TokenEvent>? OnToken => onToken;

        public List<GenerationResult> Results { get; } = [];

        public TaskCompletionSource<IReadOnlyList<GenerationResult>> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

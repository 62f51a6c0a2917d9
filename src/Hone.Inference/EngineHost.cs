using System.Collections.Concurrent;
using Hone.Core;

namespace Hone.Inference;

/// <summary>
/// Runs an engine on a thread of its own, so that requests of many callers are decoded together: each joins at the next step.
/// Thread-safe.
/// </summary>
public sealed class EngineHost : IDisposable
{
    private readonly Engine engine;
    private readonly BlockingCollection<Action<GenerationSession>> orders = [];
    private readonly Dictionary<int, Job> jobs = [];
    private readonly Thread thread;
    private int next;

    /// <param name="engine">From now on used by this host alone.</param>
    public EngineHost(Engine engine)
    {
        this.engine = engine;
        thread = new Thread(Run) { IsBackground = true, Name = "hone-engine" };
        thread.Start();
    }

    /// <summary>The engine's model, tokenizer and settings; generating is for the host.</summary>
    public Engine Engine => engine;

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
        CancellationTokenRegistration registration = cancellation.Register(() =>
        {
            if (!orders.IsAddingCompleted) orders.Add(session => GiveUp(session, index, cancellation));
        });
        _ = job.Completion.Task.ContinueWith(_ => registration.Dispose(), TaskScheduler.Default);
        return job.Completion.Task;
    }

    /// <summary>Stops after the current step; requests that run are cancelled.</summary>
    public void Dispose()
    {
        orders.CompleteAdding();
        thread.Join();
        orders.Dispose();
    }

    private void Run()
    {
        GenerationSession session = new(engine);
        while (!orders.IsCompleted)
        {
            // With nothing to do it waits for an order; otherwise it takes what is there and goes on.
            if (jobs.Count == 0) session.Trim();
            if (jobs.Count == 0 && orders.TryTake(out Action<GenerationSession>? order, Timeout.Infinite)) order(session);
            while (orders.TryTake(out order)) order(session);
            if (jobs.Count > 0 && !orders.IsAddingCompleted) session = Step(session);
        }
        foreach (Job job in jobs.Values) job.Completion.TrySetCanceled();
        session.Dispose();
    }

    private GenerationSession Step(GenerationSession session)
    {
        try
        {
            foreach (TokenEvent token in session.Step() ?? []) jobs[token.Request].OnToken?.Invoke(token);
            foreach (GenerationResult result in session.TakeResults()) Finish(result);
            return session;
        }
#pragma warning disable CA1031 // handed to the callers: the host itself lives on
        catch (Exception error)
        {
            foreach (Job job in jobs.Values) job.Completion.TrySetException(error);
            jobs.Clear();
            session.Dispose();
            return new GenerationSession(engine);
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
        Job job = jobs[result.Request];
        job.Results.Add(result);
        if (job.Results.Count < job.Samples) return;
        jobs.Remove(result.Request);
        job.Completion.TrySetResult([.. job.Results.OrderBy(r => r.Sample)]);
    }

    private sealed class Job(int samples, Action<TokenEvent>? onToken)
    {
        public int Samples => samples;

        public Action<TokenEvent>? OnToken => onToken;

        public List<GenerationResult> Results { get; } = [];

        public TaskCompletionSource<IReadOnlyList<GenerationResult>> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

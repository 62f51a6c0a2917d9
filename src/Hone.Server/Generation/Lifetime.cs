using Hone.Server.Http;

namespace Hone.Server.Generation;

/// <summary>Accepted requests, so that a stopping server can finish or fail every one of them. Thread-safe.</summary>
internal sealed class Lifetime : IDisposable
{
    private readonly CancellationTokenSource failing = new();
    private readonly TaskCompletionSource empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private int running;

    /// <summary>Whether no further requests are accepted.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Set when the time for finishing is over.</summary>
    public CancellationToken Failing => failing.Token;

    /// <summary>Accepts a request; dispose what it gives when it is answered.</summary>
    /// <exception cref="ApiException">The server is stopping.</exception>
    public IDisposable Accept()
    {
        lock (gate)
        {
            if (IsStopping) throw ApiException.Stopping();
            running++;
        }
        return new Acceptance(this);
    }

    /// <summary>Accepts nothing more, waits for what runs, and fails what is not done in time.</summary>
    public async Task DrainAsync(TimeSpan patience)
    {
        lock (gate)
        {
            IsStopping = true;
            if (running == 0) empty.TrySetResult();
        }
        Task first = await Task.WhenAny(empty.Task, Task.Delay(patience)).ConfigureAwait(false);
        if (first == empty.Task) return;
        await failing.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(empty.Task, Task.Delay(TimeSpan.FromSeconds(5))).ConfigureAwait(false); // for the error messages to go out
    }

    public void Dispose() => failing.Dispose();

    private void Leave()
    {
        lock (gate)
        {
            if (--running == 0 && IsStopping) empty.TrySetResult();
        }
    }

    private sealed class Acceptance(Lifetime lifetime) : IDisposable
    {
        public void Dispose() => lifetime.Leave();
    }
}

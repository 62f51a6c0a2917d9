using Hone.Server.Http;

namespace Hone.Server.Generation;

/// <summary>
/// Lets requests in, first come first served, as long as there are places for their continuations and room for all the tokens they may
/// come to; the others wait, and beyond a number of waiting ones further requests are refused. Thread-safe.
/// </summary>
/// <param name="maxSequences">Places.</param>
/// <param name="maxTokens">Room.</param>
/// <param name="maxWaiting">Most that wait.</param>
internal sealed class Admission(int maxSequences, long maxTokens, int maxWaiting)
{
    private readonly LinkedList<Waiter> waiters = new();
    private readonly Lock gate = new();
    private int sequences;
    private long tokens;
    private int inside;

    /// <summary>Requests that wait.</summary>
    public int Waiting
    {
        get { lock (gate) return waiters.Count; }
    }

    /// <summary>Requests that were let in and are not done.</summary>
    public int Inside
    {
        get { lock (gate) return inside; }
    }

    /// <summary>Room for all tokens together.</summary>
    public long MaxTokens => maxTokens;

    /// <summary>Waits for a place. Dispose what it gives when the request is done.</summary>
    /// <param name="continuations">Places wanted; more than there are count as all of them.</param>
    /// <param name="wanted">Tokens it may come to.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="ApiException">Too many wait already.</exception>
    public async Task<IDisposable> EnterAsync(int continuations, long wanted, CancellationToken cancellation)
    {
        Waiter waiter = new(Math.Min(continuations, maxSequences), Math.Min(wanted, maxTokens));
        lock (gate)
        {
            if (waiters.Count == 0 && Fits(waiter)) return Take(waiter);
            if (waiters.Count >= maxWaiting) throw ApiException.TooBusy(waiters.Count);
            waiters.AddLast(waiter);
        }
        using CancellationTokenRegistration registration = cancellation.Register(() => GiveUp(waiter, cancellation));
        return await waiter.Turn.Task.ConfigureAwait(false);
    }

    private bool Fits(Waiter waiter) => sequences + waiter.Sequences <= maxSequences && tokens + waiter.Tokens <= maxTokens;

    private Place Take(Waiter waiter)
    {
        sequences += waiter.Sequences;
        tokens += waiter.Tokens;
        inside++;
        return new Place(() => Leave(waiter));
    }

    private void Leave(Waiter left)
    {
        lock (gate)
        {
            sequences -= left.Sequences;
            tokens -= left.Tokens;
            inside--;
            LetIn();
        }
    }

    private void LetIn()
    {
        while (waiters.First is { Value: { } next } && Fits(next))
        {
            waiters.RemoveFirst();
            next.Turn.TrySetResult(Take(next));
        }
    }

    private void GiveUp(Waiter waiter, CancellationToken cancellation)
    {
        lock (gate)
        {
            if (!waiters.Remove(waiter)) return; // it has its place already
            LetIn();
        }
        waiter.Turn.TrySetCanceled(cancellation);
    }

    private sealed record Waiter(int Sequences, long Tokens)
    {
        public TaskCompletionSource<IDisposable> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Equals(Waiter? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }

    private sealed class Place(Action leave) : IDisposable
    {
        private Action? leave = leave;

        public void Dispose() => Interlocked.Exchange(ref leave, null)?.Invoke();
    }
}

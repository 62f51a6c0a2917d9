using Hone.Server.Http;

namespace Hone.Server.Generation;

/// <summary>
/// Lets requests in, first come first served, as long as there are places for their continuations and room for all the keys and values they
/// may come to; the others wait, and beyond a number of waiting ones further requests are refused. Thread-safe.
/// </summary>
/// <param name="maxSequences">Places.</param>
/// <param name="maxBytes">Room.</param>
/// <param name="maxWaiting">Most that wait.</param>
internal sealed class Admission(int maxSequences, long maxBytes, int maxWaiting)
{
    private readonly LinkedList<Waiter> waiters = new();
    private readonly Lock gate = new();
    private int sequences;
    private long bytes;
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

    /// <summary>Bytes that those let in may come to.</summary>
    public long Bytes
    {
        get { lock (gate) return bytes; }
    }

    /// <summary>Waits for a place. Dispose what it gives when the request is done.</summary>
    /// <param name="continuations">Places wanted; more than there are count as all of them.</param>
    /// <param name="wanted">Bytes it may come to; more than there are count as all of them.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="ApiException">Too many wait already.</exception>
    public async Task<Place> EnterAsync(int continuations, long wanted, CancellationToken cancellation)
    {
        Waiter waiter = new(Math.Min(continuations, maxSequences), Math.Min(wanted, maxBytes));
        lock (gate)
        {
            if (waiters.Count == 0 && Fits(waiter)) return Take(waiter);
            if (waiters.Count >= maxWaiting) throw ApiException.TooBusy(waiters.Count);
            waiters.AddLast(waiter);
        }
        using CancellationTokenRegistration registration = cancellation.Register(() => GiveUp(waiter, cancellation));
        return await waiter.Turn.Task.ConfigureAwait(false);
    }

    private bool Fits(Waiter waiter) => sequences + waiter.Sequences <= maxSequences && bytes + waiter.Bytes <= maxBytes;

    private Place Take(Waiter waiter)
    {
        sequences += waiter.Sequences;
        bytes += waiter.Bytes;
        inside++;
        return new Place(this, waiter.Sequences, waiter.Bytes);
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

    /// <summary>A place and room, held until it is disposed of.</summary>
    public sealed class Place(Admission admission, int sequences, long bytes) : IDisposable
    {
        private long bytes = bytes;
        private bool hasLeft;

        /// <summary>Gives back room that is not needed any more.</summary>
        /// <param name="needed">Bytes it may still come to.</param>
        public void Shrink(long needed)
        {
            lock (admission.gate)
            {
                if (hasLeft || needed >= bytes) return;
                admission.bytes -= bytes - needed;
                bytes = needed;
                admission.LetIn();
            }
        }

        public void Dispose()
        {
            lock (admission.gate)
            {
                if (hasLeft) return;
                hasLeft = true;
                admission.sequences -= sequences;
                admission.bytes -= bytes;
                admission.inside--;
                admission.LetIn();
            }
        }
    }

    private sealed class Waiter(int sequences, long bytes)
    {
        public int Sequences => sequences;

        public long Bytes => bytes;

        public TaskCompletionSource<Place> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

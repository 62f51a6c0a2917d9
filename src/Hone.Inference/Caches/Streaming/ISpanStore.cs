namespace Hone.Inference.Caches.Streaming;

/// <summary>Keys and values of tokens that left the window, to be read back span by span. Append-only, so that copies of a cache share it.</summary>
public interface ISpanStore : IDisposable
{
    /// <summary>Adds the numbers of a span and gives the place to read them from.</summary>
    /// <param name="numbers">Keys and values.</param>
    /// <param name="vectors">Index vectors; a store that outlives the process keeps them behind the numbers, others do not need them.</param>
    long Add(ReadOnlySpan<float> numbers, ReadOnlySpan<float> vectors);

    /// <summary>Reads numbers back.</summary>
    /// <exception cref="HoneException">The store ends before.</exception>
    void Read(long place, Span<float> numbers);

    /// <summary>Bytes held in memory.</summary>
    long Bytes { get; }

    /// <summary>Bytes held on disk.</summary>
    long DiskBytes { get; }

    /// <summary>Another holder of the same store; it is let go when the last one is disposed.</summary>
    ISpanStore Share();

    /// <summary>Brings everything to disk and gives the length to <see cref="Cut"/> to.</summary>
    /// <exception cref="InvalidOperationException">The store does not outlive the process.</exception>
    long Flush() => throw new InvalidOperationException("these spans do not outlive the process");

    /// <summary>Drops what was added beyond a length.</summary>
    /// <exception cref="HoneException">The store is shorter.</exception>
    /// <exception cref="InvalidOperationException">The store does not outlive the process.</exception>
    void Cut(long length) => throw new InvalidOperationException("these spans do not outlive the process");
}

/// <summary>Spans in memory.</summary>
internal sealed class MemorySpanStore : ISpanStore
{
    private readonly List<float[]> spans = [];

    public long Bytes { get; private set; }

    public long DiskBytes => 0;

    public long Add(ReadOnlySpan<float> numbers, ReadOnlySpan<float> vectors)
    {
        lock (spans)
        {
            spans.Add(numbers.ToArray());
            Bytes += numbers.Length * (long)sizeof(float);
            return spans.Count - 1;
        }
    }

    public void Read(long place, Span<float> numbers)
    {
        lock (spans) spans[(int)place].CopyTo(numbers);
    }

    public ISpanStore Share() => this;

    public void Dispose() { }
}

namespace Hone.Inference.Caches.Streaming;

/// <summary>Keys and values of tokens that left the window, to be read back span by span. Append-only, so that copies of a cache share it.</summary>
public interface ISpanStore : IDisposable
{
    /// <summary>Adds the numbers of a span and gives the place to read them from.</summary>
    long Add(ReadOnlySpan<float> numbers);

    /// <summary>Reads numbers back.</summary>
    void Read(long place, Span<float> numbers);

    /// <summary>Bytes held in memory.</summary>
    long Bytes { get; }

    /// <summary>Bytes held on disk.</summary>
    long DiskBytes { get; }

    /// <summary>Another holder of the same store; it is let go when the last one is disposed.</summary>
    ISpanStore Share();
}

/// <summary>Spans in memory.</summary>
internal sealed class MemorySpanStore : ISpanStore
{
    private readonly List<float[]> spans = [];

    public long Bytes { get; private set; }

    public long DiskBytes => 0;

    public long Add(ReadOnlySpan<float> numbers)
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

/// <summary>Spans in a file that is deleted with its last holder.</summary>
internal sealed class FileSpanStore : ISpanStore
{
    private readonly Shared shared;
    private bool isDisposed;

    /// <param name="folder">Where to put the file; made if needed.</param>
    /// <exception cref="HoneException">The folder cannot be written.</exception>
    public FileSpanStore(string folder) : this(new Shared(folder)) { }

    private FileSpanStore(Shared shared) => this.shared = shared;

    public long Bytes => 0;

    public long DiskBytes => shared.Length;

    public long Add(ReadOnlySpan<float> numbers) => shared.Add(System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers));

    public void Read(long place, Span<float> numbers) => shared.Read(place, System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers));

    public ISpanStore Share()
    {
        shared.Hold();
        return new FileSpanStore(shared);
    }

    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        shared.LetGo();
    }

    private sealed class Shared : IDisposable
    {
        private readonly FileStream file;
        private int holders = 1;

        public Shared(string folder)
        {
            try
            {
                Directory.CreateDirectory(folder);
                file = new(Path.Combine(folder, $"spans-{Guid.NewGuid():N}.bin"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new HoneException($"{folder}: spans cannot be stored there: {error.Message}", error);
            }
        }

        public long Length { get; private set; }

        public long Add(ReadOnlySpan<byte> bytes)
        {
            lock (file)
            {
                long place = Length;
                file.Seek(place, SeekOrigin.Begin);
                file.Write(bytes);
                Length += bytes.Length;
                return place;
            }
        }

        public void Read(long place, Span<byte> bytes)
        {
            lock (file)
            {
                file.Seek(place, SeekOrigin.Begin);
                file.ReadExactly(bytes);
            }
        }

        public void Hold() => Interlocked.Increment(ref holders);

        public void Dispose() => file.Dispose();

        public void LetGo()
        {
            if (Interlocked.Decrement(ref holders) == 0) Dispose();
        }
    }
}

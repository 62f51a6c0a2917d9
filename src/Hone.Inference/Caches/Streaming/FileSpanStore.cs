using System.Runtime.InteropServices;

namespace Hone.Inference.Caches.Streaming;

/// <summary>Spans in a file: of its own and deleted with its last holder, or under a given name and there to stay.</summary>
internal sealed class FileSpanStore : ISpanStore
{
    private readonly Shared shared;
    private bool isDisposed;

    /// <param name="folder">Where to put the file; made if needed.</param>
    /// <param name="lastingName">Name of a file that stays; null for one that does not.</param>
    /// <exception cref="HoneException">The folder cannot be written, or another process has the file.</exception>
    public FileSpanStore(string folder, string? lastingName = null) : this(new Shared(folder, lastingName)) { }

    private FileSpanStore(Shared shared) => this.shared = shared;

    public long Bytes => 0;

    public long DiskBytes => shared.Length;

    public long Add(ReadOnlySpan<float> numbers, ReadOnlySpan<float> vectors) => shared.Add(MemoryMarshal.AsBytes(numbers), MemoryMarshal.AsBytes(vectors));

    public void Read(long place, Span<float> numbers) => shared.Read(place, MemoryMarshal.AsBytes(numbers));

    public ISpanStore Share()
    {
        shared.Hold();
        return new FileSpanStore(shared);
    }

    public long Flush() => shared.Flush();

    public void Cut(long length) => shared.Cut(length);

    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        shared.LetGo();
    }

    private sealed class Shared : IDisposable
    {
        private readonly FileStream file;
        private readonly bool isLasting;
        private int holders = 1;

        public Shared(string folder, string? lastingName)
        {
            isLasting = lastingName is not null;
            string path = Path.Combine(folder, lastingName ?? $"spans-{Guid.NewGuid():N}.bin");
            try
            {
                Directory.CreateDirectory(folder);
                file = new(path, isLasting ? FileMode.OpenOrCreate : FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, isLasting ? FileOptions.None : FileOptions.DeleteOnClose);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new HoneException($"{path}: spans cannot be stored there: {error.Message}", error);
            }
            Length = file.Length;
        }

        public long Length { get; private set; }

        public long Add(ReadOnlySpan<byte> numbers, ReadOnlySpan<byte> vectors)
        {
            lock (file)
            {
                long place = Length;
                file.Seek(place, SeekOrigin.Begin);
                file.Write(numbers);
                Length += numbers.Length;
                if (!isLasting) return place;
                file.Write(vectors);
                Length += vectors.Length;
                return place;
            }
        }

        public void Read(long place, Span<byte> bytes)
        {
            lock (file)
            {
                if (place < 0 || place > Length - bytes.Length) throw new HoneException($"{file.Name}: {Length} bytes end before a span at {place}. The file is not the one its stream was saved with.");
                file.Seek(place, SeekOrigin.Begin);
                file.ReadExactly(bytes);
            }
        }

        public long Flush()
        {
            if (!isLasting) throw new InvalidOperationException("these spans do not outlive the process");
            lock (file)
            {
                file.Flush(flushToDisk: true);
                return Length;
            }
        }

        public void Cut(long length)
        {
            if (!isLasting) throw new InvalidOperationException("these spans do not outlive the process");
            lock (file)
            {
                if (length < 0 || length > Length) throw new HoneException($"{file.Name}: {Length} bytes, but its stream was saved with {length}. The file is damaged or another's.");
                file.SetLength(length);
                Length = length;
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

using System.IO.MemoryMappedFiles;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// A file mapped read-only into memory. Pages are read when touched, so opening costs the same for any size. Reading is
/// thread-safe until disposal.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? mapping;
    private readonly MemoryMappedViewAccessor? view;
    private byte* start;

    /// <exception cref="HoneException">The file is missing or may not be read.</exception>
    public MappedFile(string path)
    {
        Path = path;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            Length = stream.Length;
            if (Length == 0) return; // an empty file cannot be mapped
            mapping = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            view = mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new HoneException($"{path}: no such file.", error);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            mapping?.Dispose();
            throw new HoneException($"{path}: cannot be read: {error.Message}", error);
        }
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        start = pointer + view.PointerOffset;
    }

    public string Path { get; }

    /// <summary>Size in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Bytes [<paramref name="offset"/>, + <paramref name="count"/>). The range must lie inside the file.</summary>
    public ReadOnlySpan<byte> Span(long offset, int count)
    {
        if (offset < 0 || count < 0 || offset > Length - count) throw new ArgumentOutOfRangeException(nameof(offset));
        if (count == 0) return [];
        ObjectDisposedException.ThrowIf(start == null, this);
        return new ReadOnlySpan<byte>(start + offset, count);
    }

    public void Dispose()
    {
        if (start != null)
        {
            start = null;
            view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }
        view?.Dispose();
        mapping?.Dispose();
    }
}

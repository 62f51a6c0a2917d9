using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// What all weight files share: a table from tensor name to a place in a mapped file, and reading from there. A format's
/// own class only fills the table. Reading is thread-safe until disposal.
/// </summary>
public abstract class MappedWeightFile : IWeightFile
{
    /// <summary>Elements converted per step: a multiple of every block size, and few enough for a span of 8-byte numbers.</summary>
    private const int ChunkElements = 1 << 20;

    private readonly Dictionary<string, WeightEntry> entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (MappedFile File, long Offset)> places = new(StringComparer.Ordinal);
    private readonly List<MappedFile> files = [];

    private protected MappedWeightFile(string path) => Path = path;

    /// <summary>The file, or the index of a set of files, as it was opened.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, WeightEntry> Entries => entries;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        WeightEntry entry = Find(name);
        if (entry.Bytes > int.MaxValue)
            throw new HoneException($"{Path}: tensor '{name}' has {entry.Bytes} bytes, more than one span can hold. Read it by rows.");
        (MappedFile file, long offset) = places[name];
        return file.Span(offset, (int)entry.Bytes);
    }

    /// <inheritdoc/>
    /// <exception cref="HoneException">No such tensor.</exception>
    /// <exception cref="ArgumentException">Rows outside the tensor, or a target of another size.</exception>
    public void ReadRows(string name, long firstRow, long rows, Span<float> target)
    {
        WeightEntry entry = Find(name);
        long columns = entry.Columns, all = entry.Rows;
        if (firstRow < 0 || rows < 0 || firstRow > all - rows)
            throw new ArgumentOutOfRangeException(nameof(firstRow), $"rows {firstRow} to {firstRow + rows} of '{name}', which has {all}");
        if (target.Length != rows * columns)
            throw new ArgumentException($"target holds {target.Length} values, expected {rows} × {columns}", nameof(target));
        (MappedFile file, long offset) = places[name];
        for (int done = 0; done < target.Length; done += ChunkElements)
        {
            Span<float> part = target.Slice(done, Math.Min(ChunkElements, target.Length - done));
            long from = WeightTypes.BytesOf(entry.Type, firstRow * columns + done);
            WeightConversion.ToSingle(entry.Type, file.Span(offset + from, (int)WeightTypes.BytesOf(entry.Type, part.Length)), part);
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        foreach (MappedFile file in files) file.Dispose();
    }

    /// <summary>Maps a file that lives as long as this object.</summary>
    private protected MappedFile Map(string path)
    {
        MappedFile file = new(path);
        files.Add(file);
        return file;
    }

    /// <summary>Enters a tensor whose bytes were checked to lie inside the file.</summary>
    /// <exception cref="HoneException">The name is taken.</exception>
    private protected void Add(WeightEntry entry, MappedFile file, long offset)
    {
        if (!entries.TryAdd(entry.Name, entry)) throw new HoneException($"{file.Path}: tensor '{entry.Name}' is there twice.");
        places[entry.Name] = (file, offset);
    }

    /// <summary>Where a tensor starts, in bytes from the start of its file.</summary>
    private protected long PlaceOf(string name) => places[Find(name).Name].Offset;

    private WeightEntry Find(string name) =>
        entries.TryGetValue(name, out WeightEntry? entry) ? entry : throw NoSuchTensor(name);

    private HoneException NoSuchTensor(string name)
    {
        string? near = entries.Count <= 20_000 ? Names.Nearest(name, entries.Keys) : null;
        return new($"{Path}: no tensor '{name}' among {entries.Count}.{(near is null ? "" : $" The nearest name is '{near}'.")}");
    }
}

using System.Buffers.Binary;
using System.Numerics;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// A GGUF file, version 2 or 3, memory-mapped. Shapes are given in PyTorch's order, which is the reverse of the file's. Format:
/// github.com/ggml-org/ggml, docs/gguf.md. Reading is thread-safe until disposal.
/// </summary>
public sealed class GgufFile : MappedWeightFile
{
    internal const uint Magic = 0x46554747; // "GGUF"
    internal const int DefaultAlignment = 32;
    internal const string AlignmentKey = "general.alignment";
    private const int MaxDimensions = 8, MaxNameBytes = 65535;

    /// <summary>Opens a file and checks that every tensor lies inside it.</summary>
    /// <exception cref="HoneException">Missing file, another version, or a header that lies about the file.</exception>
    public GgufFile(string path) : base(path)
    {
        Metadata = new GgufMetadata(path);
        try
        {
            MappedFile file = Map(path);
            GgufCursor cursor = new(file, 0);
            Version = ReadVersion(file, cursor);
            int tensors = cursor.Count("number of tensors", 24), keys = cursor.Count("number of metadata keys", 13);
            ReadMetadata(cursor, keys);
            Alignment = ReadAlignment();
            ReadTensors(file, cursor, tensors);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>2 or 3.</summary>
    public int Version { get; }

    /// <summary>Tensors start at multiples of this many bytes, counted from <see cref="DataStart"/>.</summary>
    public int Alignment { get; }

    /// <summary>Byte of the file where tensor data begin.</summary>
    public long DataStart { get; private set; }

    /// <summary>Everything the file says about the model and its tokenizer.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>Place of a tensor's data, in bytes from the start of the file.</summary>
    /// <exception cref="HoneException">No such tensor.</exception>
    public long OffsetOf(string name) => PlaceOf(name);

    private static int ReadVersion(MappedFile file, GgufCursor cursor)
    {
        if (file.Length < 24 || cursor.UInt32() != Magic)
            throw new HoneException($"{file.Path}: not a GGUF file: it does not start with 'GGUF'.");
        uint version = cursor.UInt32();
        if (version is 2 or 3) return (int)version;
        string reason = BinaryPrimitives.ReverseEndianness(version) is > 0 and < 16 ? "it is stored big-endian" : $"it has version {version}";
        throw new HoneException(
            $"{file.Path}: {reason}; versions 2 and 3 in little-endian order can be read. Convert it anew with a current llama.cpp.");
    }

    private void ReadMetadata(GgufCursor cursor, int keys)
    {
        for (int i = 0; i < keys; i++)
        {
            string key = cursor.Text(MaxNameBytes);
            if (Metadata.ContainsKey(key)) throw cursor.Error($"metadata '{key}' is there twice");
            Metadata.Set(key, cursor.Value(cursor.Kind()));
        }
    }

    private int ReadAlignment()
    {
        long alignment = Metadata.Integer(AlignmentKey) ?? DefaultAlignment;
        if (alignment is < 1 or > 1 << 20 || !BitOperations.IsPow2(alignment))
            throw new HoneException($"{Path}: {AlignmentKey} is {alignment}, expected a power of two up to {1 << 20}.");
        return (int)alignment;
    }

    private void ReadTensors(MappedFile file, GgufCursor cursor, int count)
    {
        List<(WeightEntry Entry, ulong Offset)> tensors = [];
        for (int i = 0; i < count; i++) tensors.Add(ReadTensor(cursor));
        DataStart = Align(cursor.Position, Alignment);
        long available = Math.Max(0, file.Length - DataStart), end = 0;
        foreach ((WeightEntry entry, ulong offset) in tensors.OrderBy(t => t.Offset).ThenBy(t => t.Entry.Bytes))
        {
            string place = $"{file.Path}: tensor '{entry.Name}'";
            if (offset > (ulong)available || entry.Bytes > available - (long)offset)
                throw new HoneException(
                    $"{place} needs bytes {offset} to {offset + (ulong)entry.Bytes} of the data, the file has {available}. It is cut off or damaged.");
            if (offset % (uint)Alignment != 0)
                throw new HoneException($"{place} starts at byte {offset}, which is not a multiple of {Alignment}.");
            if ((long)offset < end && entry.Bytes > 0) throw new HoneException($"{place} overlaps another one.");
            end = (long)offset + entry.Bytes;
            Add(entry, file, DataStart + (long)offset);
        }
    }

    private (WeightEntry Entry, ulong Offset) ReadTensor(GgufCursor cursor)
    {
        string name = cursor.Text(MaxNameBytes), place = $"{Path}: tensor '{name}'";
        uint dimensions = cursor.UInt32();
        if (dimensions > MaxDimensions)
            throw new HoneException($"{place} has {dimensions} dimensions, more than {MaxDimensions}. The file is damaged.");
        long[] shape = new long[dimensions];
        for (int i = 0; i < shape.Length; i++) shape[^(i + 1)] = (long)Math.Min(cursor.UInt64(), long.MaxValue);
        uint id = cursor.UInt32();
        WeightType type = GgufTypes.Parse(id) ?? throw new HoneException($"{place} has number format {id}, which is not known.");
        long count = WeightTypes.CheckedCount(shape, place);
        if ((shape.Length == 0 ? 1 : shape[^1]) % type.BlockSize() != 0)
            throw new HoneException($"{place}: rows of {shape.LastOrDefault(1)} do not fill {type} blocks of {type.BlockSize()}.");
        return (new(name, type, shape, WeightTypes.BytesOf(type, count)), cursor.UInt64());
    }

    internal static long Align(long position, int alignment) => (position + alignment - 1) / alignment * alignment;
}

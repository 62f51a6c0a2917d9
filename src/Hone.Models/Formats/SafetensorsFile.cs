using System.Buffers.Binary;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// One <c>.safetensors</c> file, memory-mapped: 8 bytes of header length, the header as JSON, then the tensors one after the
/// other without gaps. Format: github.com/huggingface/safetensors. Reading is thread-safe until disposal.
/// </summary>
public sealed class SafetensorsFile : MappedWeightFile
{
    /// <summary>Opens a file and checks that every tensor lies inside it.</summary>
    /// <exception cref="HoneException">Missing file, or a header that lies about it.</exception>
    public SafetensorsFile(string path) : base(path)
    {
        try
        {
            Metadata = Load(Map(path), Add);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The text under <c>__metadata__</c>, e.g. <c>format</c> = <c>pt</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads and checks the header of a mapped file, and hands over its tensors in the order of their data.</summary>
    internal static IReadOnlyDictionary<string, string> Load(MappedFile file, Action<WeightEntry, MappedFile, long> add)
    {
        string path = file.Path;
        if (file.Length < 8) throw new HoneException($"{path}: {file.Length} bytes are too few for a safetensors file.");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, 8));
        if (length > SafetensorsHeader.MaxBytes || (long)length > file.Length - 8)
            throw new HoneException(
                $"{path}: not a safetensors file, or cut off: the header should have {length} bytes, the file has {file.Length}.");
        SafetensorsHeader.Content header = SafetensorsHeader.Parse(file.Span(8, (int)length), path);
        long start = 8 + (long)length, end = 0;
        foreach (SafetensorsHeader.Tensor tensor in header.Tensors.OrderBy(t => t.Begin).ThenBy(t => t.End))
        {
            WeightEntry entry = Check(tensor, end, file.Length - start, path);
            end = tensor.End;
            add(entry, file, start + tensor.Begin);
        }
        if (end != file.Length - start)
            throw new HoneException(
                $"{path}: the tensors fill {end} bytes, but {file.Length - start} follow the header. The file is cut off or has something appended.");
        return header.Metadata;
    }

    private static WeightEntry Check(SafetensorsHeader.Tensor tensor, long expectedBegin, long available, string path)
    {
        string place = $"{path}: tensor '{tensor.Name}'";
        long count = WeightTypes.CheckedCount(tensor.Shape, place);
        if (tensor.End > available)
            throw new HoneException($"{place} ends at byte {tensor.End} of {available}. The file is cut off or damaged.");
        if (tensor.Begin != expectedBegin || tensor.End < tensor.Begin)
            throw new HoneException(
                $"{place} lies at bytes {tensor.Begin} to {tensor.End}, expected to start at {expectedBegin}: tensors must neither overlap nor leave gaps.");
        long bytes = WeightTypes.BytesOf(tensor.Type, count);
        if (bytes != tensor.End - tensor.Begin)
            throw new HoneException(
                $"{place} has {tensor.End - tensor.Begin} bytes, but [{string.Join(", ", tensor.Shape)}] of {tensor.Type} takes {bytes}.");
        return new(tensor.Name, tensor.Type, tensor.Shape, bytes);
    }
}

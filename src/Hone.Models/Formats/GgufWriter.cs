using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// Writes GGUF files of version 3: metadata and the table of tensors first, then the data, streamed one tensor after the other.
/// </summary>
public static class GgufWriter
{
    private const int MaxNameBytes = 63, MaxDimensions = 4; // what llama.cpp accepts

    /// <summary>Writes one file, whole or not at all.</summary>
    /// <param name="path">The file; an older one is replaced at the end.</param>
    /// <param name="metadata">Written in its order; <c>general.alignment</c> is obeyed when present.</param>
    /// <param name="tensors">In the order of the file; shapes outermost first, as everywhere in Hone.</param>
    /// <exception cref="HoneException">A type GGUF does not have, a name that is too long or there twice, more than 4 dimensions.</exception>
    public static void Save(string path, GgufMetadata metadata, IEnumerable<WeightSource> tensors)
    {
        WeightSource[] all = [.. tensors];
        Check(all);
        int alignment = AlignmentOf(metadata);
        AtomicFile.Write(path, stream =>
        {
            using (BinaryWriter writer = new(stream, Encoding.UTF8, leaveOpen: true)) WriteHeader(writer, metadata, all, alignment);
            Pad(stream, alignment);
            foreach (WeightSource tensor in all) WriteData(stream, tensor, alignment);
        });
    }

    private static void Check(WeightSource[] tensors)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (WeightEntry entry in tensors.Select(t => t.Entry))
        {
            if (!names.Add(entry.Name)) throw new HoneException($"tensor name '{entry.Name}' is there twice.");
            if (GgufTypes.IdOf(entry.Type) is null) throw new HoneException($"tensor '{entry.Name}': GGUF has no type {entry.Type}.");
            if (Encoding.UTF8.GetByteCount(entry.Name) > MaxNameBytes)
                throw new HoneException($"tensor name '{entry.Name}' is longer than the {MaxNameBytes} bytes readers of GGUF accept.");
            if (entry.Shape.Count > MaxDimensions)
                throw new HoneException($"tensor '{entry.Name}' has {entry.Shape.Count} dimensions; GGUF holds at most {MaxDimensions}.");
        }
    }

    private static int AlignmentOf(GgufMetadata metadata)
    {
        long alignment = metadata.Integer(GgufFile.AlignmentKey) ?? GgufFile.DefaultAlignment;
        if (alignment is < 1 or > 1 << 20 || !BitOperations.IsPow2(alignment))
            throw new HoneException($"{GgufFile.AlignmentKey} is {alignment}, expected a power of two up to {1 << 20}.");
        return (int)alignment;
    }

    private static void WriteHeader(BinaryWriter writer, GgufMetadata metadata, WeightSource[] tensors, int alignment)
    {
        writer.Write(GgufFile.Magic);
        writer.Write(3u);
        writer.Write((ulong)tensors.Length);
        writer.Write((ulong)metadata.Count);
        foreach ((string key, GgufValue value) in metadata)
        {
            WriteText(writer, key);
            writer.Write((uint)value.Kind);
            WriteValue(writer, value);
        }
        long offset = 0;
        foreach (WeightEntry entry in tensors.Select(t => t.Entry))
        {
            WriteText(writer, entry.Name);
            writer.Write((uint)entry.Shape.Count);
            foreach (long size in entry.Shape.Reverse()) writer.Write((ulong)size);
            writer.Write(GgufTypes.IdOf(entry.Type)!.Value);
            writer.Write((ulong)offset);
            offset = GgufFile.Align(offset + entry.Bytes, alignment);
        }
    }

    private static void WriteValue(BinaryWriter writer, GgufValue value)
    {
        switch (value.Value)
        {
            case byte v: writer.Write(v); break;
            case sbyte v: writer.Write(v); break;
            case ushort v: writer.Write(v); break;
            case short v: writer.Write(v); break;
            case uint v: writer.Write(v); break;
            case int v: writer.Write(v); break;
            case ulong v: writer.Write(v); break;
            case long v: writer.Write(v); break;
            case float v: writer.Write(v); break;
            case double v: writer.Write(v); break;
            case bool v: writer.Write(v); break;
            case string v: WriteText(writer, v); break;
            default: WriteArray(writer, value); break;
        }
    }

    private static void WriteArray(BinaryWriter writer, GgufValue array)
    {
        writer.Write((uint)array.ElementKind!.Value);
        writer.Write((ulong)array.Count);
        switch (array.Value)
        {
            case string[] items: foreach (string item in items) WriteText(writer, item); break;
            case GgufValue[] items: foreach (GgufValue item in items) WriteValue(writer, item); break;
            case byte[] items: writer.Write(items); break;
            case sbyte[] items: writer.Write(MemoryMarshal.AsBytes(items.AsSpan())); break;
            case ushort[] items: writer.Write(MemoryMarshal.AsBytes(items.AsSpan())); break;
            case short[] items: writer.Write(MemoryMarshal.AsBytes(items.AsSpan())); break;
            case uint[] items: writer.Write(MemoryMarshal.AsBytes(items.AsSpan())); break;
            case int[] items: writer.Write(MemoryMarshal.AsBytes(items.AsSpan())); break;
            case ulong[] items: writer.Write(MemoryMarshal.AsBytes(items.AsSpan())); break;
            case long[] items: writer.Write(MemoryMarshal.AsBytes(items.AsSpan())); break;
            case float[] items: writer.Write(MemoryMarshal.AsBytes(items.AsSpan())); break;
            case double[] items: writer.Write(MemoryMarshal.AsBytes(items.AsSpan())); break;
            case bool[] items: foreach (bool item in items) writer.Write(item); break;
            default: throw new InvalidOperationException($"no way to write {array.Value.GetType()}");
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteData(Stream stream, WeightSource tensor, int alignment)
    {
        long before = stream.Position;
        tensor.WriteTo(stream);
        if (stream.Position - before != tensor.Entry.Bytes)
            throw new InvalidOperationException($"'{tensor.Entry.Name}' wrote {stream.Position - before} bytes, promised {tensor.Entry.Bytes}");
        Pad(stream, alignment);
    }

    private static void Pad(Stream stream, int alignment)
    {
        int missing = (int)(GgufFile.Align(stream.Position, alignment) - stream.Position);
        if (missing > 0) stream.Write(new byte[missing]);
    }
}

using System.Buffers;
using System.Runtime.InteropServices;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>Gives rows [<paramref name="firstRow"/>, + <paramref name="rows"/>) of a tensor as fp32, like <see cref="IWeightFile.ReadRows"/>.</summary>
public delegate void RowReader(long firstRow, long rows, Span<float> target);

/// <summary>
/// A tensor to be written to a file: name, type and shape are known beforehand, the data are produced piece by piece while the
/// file is written, so that a model larger than memory can be converted.
/// </summary>
public sealed class WeightSource
{
    private const int ChunkElements = 1 << 18;

    private readonly Action<Stream, WeightSource> write;

    private WeightSource(string name, WeightType type, IReadOnlyList<long> shape, Action<Stream, WeightSource> write)
    {
        long count = WeightTypes.CheckedCount(shape, $"tensor '{name}'");
        long columns = shape.Count == 0 ? 1 : shape[^1];
        if (columns % type.BlockSize() != 0)
            throw new HoneException(
                $"tensor '{name}': rows of {columns} do not fill {type} blocks of {type.BlockSize()}. Choose another type for it, such as Q8_0 or F16.");
        Entry = new WeightEntry(name, type, [.. shape], WeightTypes.BytesOf(type, count));
        this.write = write;
    }

    /// <summary>Name, type, shape and size as they will stand in the file.</summary>
    public WeightEntry Entry { get; }

    /// <summary>Values in memory, stored as <paramref name="type"/>.</summary>
    /// <param name="shape">Row-major, outermost first.</param>
    /// <exception cref="HoneException">Rows do not fill whole blocks of the type.</exception>
    public static WeightSource FromFloats(string name, WeightType type, IReadOnlyList<long> shape, ReadOnlyMemory<float> values)
    {
        WeightSource source = FromRows(name, type, shape, (first, rows, target) =>
            values.Span.Slice((int)(first * (target.Length / Math.Max(1, rows))), target.Length).CopyTo(target));
        if (source.Entry.Count != values.Length)
            throw new ArgumentException($"{values.Length} values do not fill [{string.Join(", ", shape)}]", nameof(values));
        return source;
    }

    /// <summary>Values that are read by rows when the file is written, stored as <paramref name="type"/>.</summary>
    /// <exception cref="HoneException">Rows do not fill whole blocks of the type.</exception>
    public static WeightSource FromRows(string name, WeightType type, IReadOnlyList<long> shape, RowReader read) =>
        new(name, type, shape, (stream, source) => source.WriteRows(stream, read));

    /// <summary>Bytes that are already in the type's format.</summary>
    public static WeightSource FromBytes(string name, WeightType type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> bytes)
    {
        WeightSource source = new(name, type, shape, (stream, _) => stream.Write(bytes.Span));
        if (source.Entry.Bytes != bytes.Length)
            throw new ArgumentException($"{bytes.Length} bytes do not fill [{string.Join(", ", shape)}] of {type}", nameof(bytes));
        return source;
    }

    /// <summary>Numbers of any plain .NET type, stored as they are.</summary>
    /// <typeparam name="T">double, float, Half, the integers of 8 to 64 bits, or bool.</typeparam>
    public static WeightSource FromNumbers<T>(string name, IReadOnlyList<long> shape, T[] values) where T : unmanaged =>
        FromBytes(name, TypeOf<T>(), shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    /// <summary>A tensor of another file: its bytes as they are, or converted when another type is asked for.</summary>
    /// <param name="file">Stays open until the new file is written.</param>
    /// <param name="name">Name in <paramref name="file"/>.</param>
    /// <param name="newName">Name in the new file; the same when null.</param>
    /// <param name="type">Type in the new file; the same when null.</param>
    /// <exception cref="HoneException">No such tensor, or rows that do not fill whole blocks.</exception>
    public static WeightSource Copy(IWeightFile file, string name, string? newName = null, WeightType? type = null)
    {
        if (!file.Entries.TryGetValue(name, out WeightEntry? entry)) throw new HoneException($"no tensor '{name}' to copy.");
        WeightType target = type ?? entry.Type;
        if (target == entry.Type && entry.Bytes <= int.MaxValue)
            return new(newName ?? name, target, entry.Shape, (stream, _) => stream.Write(file.Bytes(name)));
        return FromRows(newName ?? name, target, entry.Shape, (first, rows, values) => file.ReadRows(name, first, rows, values));
    }

    /// <summary>Produces exactly <c>Entry.Bytes</c> bytes.</summary>
    public void WriteTo(Stream stream) => write(stream, this);

    private void WriteRows(Stream stream, RowReader read)
    {
        long columns = Entry.Columns, all = Entry.Count == 0 ? 0 : Entry.Rows;
        if (all == 0) return;
        int step = (int)Math.Clamp(ChunkElements / columns, 1, all);
        float[] values = ArrayPool<float>.Shared.Rent(checked((int)(step * columns)));
        byte[] bytes = ArrayPool<byte>.Shared.Rent(checked((int)WeightTypes.BytesOf(Entry.Type, step * columns)));
        try
        {
            for (long first = 0; first < all; first += step)
            {
                int rows = (int)Math.Min(step, all - first), count = (int)(rows * columns);
                read(first, rows, values.AsSpan(0, count));
                Span<byte> part = bytes.AsSpan(0, (int)WeightTypes.BytesOf(Entry.Type, count));
                Convert(values.AsMemory(0, count), bytes.AsMemory(0, part.Length), rows);
                stream.Write(part);
            }
        }
        catch (HoneException error)
        {
            throw new HoneException($"tensor '{Entry.Name}': {error.Message}", error);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Rows are independent of each other, so the result does not depend on how many threads share them.</summary>
    private void Convert(ReadOnlyMemory<float> values, Memory<byte> bytes, int rows)
    {
        int columns = values.Length / rows, rowBytes = bytes.Length / rows;
        if (!Entry.Type.IsQuantized() || rows == 1)
        {
            WeightConversion.FromSingle(Entry.Type, values.Span, bytes.Span);
            return;
        }
        try
        {
            Parallel.For(0, rows, row => WeightConversion.FromSingle(
                Entry.Type, values.Span.Slice(row * columns, columns), bytes.Span.Slice(row * rowBytes, rowBytes)));
        }
        catch (AggregateException error) when (error.InnerExceptions.FirstOrDefault(inner => inner is HoneException) is { } first)
        {
            throw new HoneException(first.Message, error);
        }
    }

    private static WeightType TypeOf<T>() => default(T) switch
    {
        double => WeightType.F64,
        float => WeightType.F32,
        Half => WeightType.F16,
        long => WeightType.I64,
        int => WeightType.I32,
        short => WeightType.I16,
        sbyte => WeightType.I8,
        ulong => WeightType.U64,
        uint => WeightType.U32,
        ushort => WeightType.U16,
        byte => WeightType.U8,
        bool => WeightType.Bool,
        _ => throw new ArgumentException($"no number format for {typeof(T)}", nameof(T)),
    };
}

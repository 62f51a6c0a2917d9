using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>Reads numbers, strings and metadata values one after the other, never past the end of the file.</summary>
internal sealed class GgufCursor(MappedFile file, long position)
{
    private const int MaxNesting = 4;

    public long Position { get; private set; } = position;

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>A count of things that take at least <paramref name="minBytes"/> each, so that it cannot exceed the file.</summary>
    public int Count(string what, int minBytes)
    {
        ulong count = UInt64();
        if (count > (ulong)(file.Length - Position) / (uint)minBytes || count > int.MaxValue)
            throw Error($"{what}: {count} is more than the file has room for");
        return (int)count;
    }

    public string Text(int maxBytes = int.MaxValue)
    {
        int length = Count("length of a string", 1);
        if (length > maxBytes) throw Error($"a name of {length} bytes is too long");
        return Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>A value of a known kind. Arrays are only passed over: they are decoded when asked for.</summary>
    public GgufValue Value(GgufKind kind, int nesting = 0)
    {
        if (kind != GgufKind.Array) return new(kind, Scalar(kind));
        if (nesting == MaxNesting) throw Error($"arrays nested deeper than {MaxNesting}");
        GgufKind element = Kind();
        int count = Count("length of an array", element is GgufKind.Array ? 12 : SizeOf(element));
        long start = Position;
        Skip(element, count, nesting);
        return new GgufValue(element, count, () => new GgufCursor(file, start).Items(element, count, nesting));
    }

    public GgufKind Kind()
    {
        uint kind = UInt32();
        return kind <= (uint)GgufKind.Float64 ? (GgufKind)kind : throw Error($"unknown kind of value {kind}");
    }

    public HoneException Error(string message) => new($"{file.Path}: at byte {Position}: {message}. The file is damaged or cut off.");

    private void Skip(GgufKind element, int count, int nesting)
    {
        if (element is not (GgufKind.String or GgufKind.Array)) Advance((long)count * SizeOf(element));
        for (int i = 0; element == GgufKind.String && i < count; i++) Advance(Count("length of a string", 1));
        for (int i = 0; element == GgufKind.Array && i < count; i++) Value(element, nesting + 1);
    }

    private object Items(GgufKind element, int count, int nesting) => element switch
    {
        GgufKind.UInt8 => Numbers<byte>(count),
        GgufKind.Int8 => Numbers<sbyte>(count),
        GgufKind.UInt16 => Numbers<ushort>(count),
        GgufKind.Int16 => Numbers<short>(count),
        GgufKind.UInt32 => Numbers<uint>(count),
        GgufKind.Int32 => Numbers<int>(count),
        GgufKind.UInt64 => Numbers<ulong>(count),
        GgufKind.Int64 => Numbers<long>(count),
        GgufKind.Float32 => Numbers<float>(count),
        GgufKind.Float64 => Numbers<double>(count),
        GgufKind.Bool => Each(count, () => (bool)Scalar(GgufKind.Bool)),
        GgufKind.String => Each(count, () => Text()),
        _ => Each(count, () => Value(element, nesting + 1)),
    };

    private T[] Numbers<T>(int count) where T : unmanaged
    {
        T[] items = new T[count];
        Span<byte> bytes = MemoryMarshal.AsBytes(items.AsSpan());
        Take(bytes.Length).CopyTo(bytes);
        return items;
    }

    private static T[] Each<T>(int count, Func<T> read)
    {
        T[] items = new T[count];
        for (int i = 0; i < count; i++) items[i] = read();
        return items;
    }

    private object Scalar(GgufKind kind) => kind switch
    {
        GgufKind.UInt8 => Take(1)[0],
        GgufKind.Int8 => (sbyte)Take(1)[0],
        GgufKind.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        GgufKind.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Take(2)),
        GgufKind.UInt32 => UInt32(),
        GgufKind.Int32 => (int)UInt32(),
        GgufKind.UInt64 => UInt64(),
        GgufKind.Int64 => (long)UInt64(),
        GgufKind.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Take(4)),
        GgufKind.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8)),
        GgufKind.Bool => Take(1)[0] switch { 0 => false, 1 => true, byte other => throw Error($"truth value {other}") },
        _ => Text(),
    };

    private static int SizeOf(GgufKind kind) => kind switch
    {
        GgufKind.UInt8 or GgufKind.Int8 or GgufKind.Bool => 1,
        GgufKind.UInt16 or GgufKind.Int16 => 2,
        GgufKind.UInt32 or GgufKind.Int32 or GgufKind.Float32 => 4,
        _ => 8,
    };

    private ReadOnlySpan<byte> Take(int count)
    {
        long start = Position;
        Advance(count);
        return file.Span(start, count);
    }

    private void Advance(long count)
    {
        if (count > file.Length - Position) throw Error($"the file ends at byte {file.Length} in the middle of its header");
        Position += count;
    }
}

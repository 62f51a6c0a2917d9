using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Hone.Inference.Caches.Streaming;

/// <summary>What a stream is saved as: numbers one after the other, little-endian.</summary>
internal sealed class StreamWriting
{
    private readonly ArrayBufferWriter<byte> bytes = new();

    /// <summary>Everything written.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.WrittenSpan;

    public void Int(int number) => Long(number);

    public void Long(long number)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(eight, number);
        bytes.Write(eight);
    }

    public void Double(double number) => Long(BitConverter.DoubleToInt64Bits(number));

    public void Floats(ReadOnlySpan<float> numbers) => bytes.Write(MemoryMarshal.AsBytes(numbers));
}

/// <summary>Reads what <see cref="StreamWriting"/> wrote; anything that does not fit is an error in one sentence.</summary>
/// <param name="bytes">All of it.</param>
/// <param name="source">What it is called in errors.</param>
internal sealed class StreamReading(byte[] bytes, string source)
{
    private int at;

    /// <summary>Whether everything was read.</summary>
    public bool IsAtEnd => at == bytes.Length;

    public int Int(int least = 0, int most = int.MaxValue)
    {
        long number = Long();
        return number >= least && number <= most ? (int)number : throw Damaged($"{number} is not from {least} to {most}");
    }

    public long Long() => BinaryPrimitives.ReadInt64LittleEndian(Next(8));

    public double Double() => BitConverter.Int64BitsToDouble(Long());

    public void Floats(Span<float> numbers) => Next(numbers.Length * (long)sizeof(float)).CopyTo(MemoryMarshal.AsBytes(numbers));

    /// <summary>A number of things that take so many bytes each at least, so that no length can ask for more memory than the file is long.</summary>
    public int CountOf(int leastBytes)
    {
        int count = Int();
        return (long)count * leastBytes <= bytes.Length - at ? count : throw Damaged($"{count} entries do not fit");
    }

    public HoneException Damaged(string what) => new($"{source}: not a saved stream, or damaged: {what}.");

    private ReadOnlySpan<byte> Next(long count)
    {
        if (count > bytes.Length - at) throw Damaged("it ends too early");
        ReadOnlySpan<byte> next = bytes.AsSpan(at, (int)count);
        at += (int)count;
        return next;
    }
}

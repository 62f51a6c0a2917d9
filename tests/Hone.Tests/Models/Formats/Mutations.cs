using System.Buffers.Binary;

namespace Hone.Tests.Models.Formats;

/// <summary>Random damage to a file: what truncation, bit rot and malice do.</summary>
internal static class Mutations
{
    private static readonly ulong[] Telling =
    [
        0, 1, 2, 3, 7, 8, 31, 32, 33, 127, 128, 255, 256, 65535, 1UL << 31, (1UL << 31) - 1, uint.MaxValue, 1UL << 32, 1UL << 40, 1UL << 61,
        1UL << 62, 1UL << 63, long.MaxValue, ulong.MaxValue, ulong.MaxValue - 7, ulong.MaxValue - 31,
    ];

    /// <summary>One to four changes to a copy of <paramref name="whole"/>.</summary>
    public static byte[] Apply(byte[] whole, RandomStream random)
    {
        byte[] bytes = [.. whole];
        for (int changes = random.Next(1, 5); changes > 0; changes--) bytes = Once(bytes, random);
        return bytes;
    }

    private static byte[] Once(byte[] bytes, RandomStream random)
    {
        if (bytes.Length == 0) return [(byte)random.Next(256)];
        // Headers come first and are where structure is: half of all changes fall into the first 512 bytes.
        int at = random.Next(random.Next(2) == 0 ? Math.Min(512, bytes.Length) : bytes.Length);
        int length = random.Next(1, Math.Min(64, bytes.Length - at) + 1);
        switch (random.Next(8))
        {
            case 0: bytes[at] ^= (byte)(1 << random.Next(8)); return bytes;
            case 1: bytes[at] = (byte)random.Next(256); return bytes;
            case 2: return bytes[..at];
            case 3: return [.. bytes[..at], .. bytes[(at + length)..]];
            case 4: return [.. bytes[..(at + length)], .. bytes[at..]];
            case 5: return PutNumber(bytes, at, random, 8);
            case 6: return PutNumber(bytes, at, random, 4);
            default: return PutText(bytes, at, random);
        }
    }

    private static byte[] PutNumber(byte[] bytes, int at, RandomStream random, int width)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, random.Choose(Telling));
        number[..Math.Min(width, bytes.Length - at)].CopyTo(bytes.AsSpan(at));
        return bytes;
    }

    /// <summary>Replaces a digit run or a few bytes by text that means something in JSON.</summary>
    private static byte[] PutText(byte[] bytes, int at, RandomStream random)
    {
        string[] texts = ["-1", "0", "1e9", "9223372036854775807", "18446744073709551616", "\"", "\\", "{", "}", "[", "]", ":", ",", "null", "\\ud800", "../", "F16", "[[[[[[[[[["];
        byte[] text = System.Text.Encoding.ASCII.GetBytes(random.Choose(texts));
        int end = at;
        while (end < bytes.Length && bytes[end] is >= (byte)'0' and <= (byte)'9') end++;
        return [.. bytes[..at], .. text, .. bytes[end..]];
    }
}

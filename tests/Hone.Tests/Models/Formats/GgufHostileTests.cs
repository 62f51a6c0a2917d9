using System.Text;
using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class GgufHostileTests
{
    [Fact]
    public void A_well_formed_file_of_the_same_making_opens()
    {
        using TempFolder folder = new();
        using GgufFile file = new(folder.Write("a.gguf", Build()));
        Assert.Equal([2L, 4L], file.Entries["t"].Shape);
        Assert.Equal(2, file.Version);
    }

    [Theory]
    [InlineData("magic", "does not start with 'GGUF'")]
    [InlineData("version 1", "it has version 1")]
    [InlineData("version 4", "it has version 4")]
    [InlineData("big-endian", "big-endian")]
    [InlineData("tensor count", "more than the file has room for")]
    [InlineData("key count", "more than the file has room for")]
    [InlineData("key length", "more than the file has room for")]
    [InlineData("long key", "is too long")]
    [InlineData("kind", "unknown kind of value 13")]
    [InlineData("array length", "more than the file has room for")]
    [InlineData("array of texts", "more than the file has room for")]
    [InlineData("array kind", "unknown kind of value 99")]
    [InlineData("nested arrays", "nested deeper than 4")]
    [InlineData("truth value", "truth value 2")]
    [InlineData("key twice", "'a' is there twice")]
    [InlineData("alignment 0", "general.alignment is 0")]
    [InlineData("alignment 24", "general.alignment is 24")]
    [InlineData("alignment text", "general.alignment' should be a whole number")]
    [InlineData("dimensions", "has 9 dimensions")]
    [InlineData("overflow", "too large for any file")]
    [InlineData("negative", "too large for any file")]
    [InlineData("type", "number format 5000, which is not known")]
    [InlineData("block", "do not fill Q8_0 blocks of 32")]
    [InlineData("offset", "needs bytes 18446744073709551584")]
    [InlineData("end", "needs bytes 32 to 64")]
    [InlineData("misaligned", "not a multiple of 32")]
    [InlineData("tensor twice", "overlaps another one")]
    [InlineData("name twice", "tensor 't' is there twice")]
    public void A_header_that_lies_is_refused(string lie, string expected)
    {
        using TempFolder folder = new();
        string path = folder.Write("a.gguf", Build(lie));
        long before = GC.GetAllocatedBytesForCurrentThread();
        HoneException error = Assert.Throws<HoneException>(() => new GgufFile(path).Dispose());
        Assert.Contains(expected, error.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        using TempFolder folder = new();
        byte[] whole = Build();
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write("a.gguf", whole[..length]);
            Assert.Throws<HoneException>(() => new GgufFile(path).Dispose());
        }
    }

    /// <summary>A small file of version 2 with one key and a tensor [2, 4] of fp32, and one thing wrong with it.</summary>
    private static byte[] Build(string lie = "")
    {
        using MemoryStream stream = new();
        using BinaryWriter w = new(stream, Encoding.UTF8);
        bool twice = lie is "tensor twice" or "name twice", nested = lie == "nested arrays";
        w.Write(lie == "magic" ? "GGML"u8 : "GGUF"u8);
        w.Write(lie switch { "version 1" => 1u, "version 4" => 4u, "big-endian" => 0x03000000u, _ => 2u });
        w.Write(lie == "tensor count" ? ulong.MaxValue : twice ? 2UL : 1UL);
        w.Write(lie == "key count" ? 1UL << 60 : lie == "key twice" ? 2UL : 1UL);
        if (lie == "long key") Text(w, new string('k', 70_000));
        else if (lie.StartsWith("alignment", StringComparison.Ordinal)) Text(w, "general.alignment");
        else if (lie == "key length") w.Write(ulong.MaxValue);
        else Text(w, "a");
        WriteValue(w, lie);
        if (lie == "key twice")
        {
            Text(w, "a");
            WriteValue(w, lie);
        }
        for (int i = 0; i < (twice ? 2 : 1); i++) WriteTensor(w, lie, i);
        while (stream.Length % 32 != 0) w.Write((byte)0);
        w.Write(new byte[lie == "end" ? 48 : 32 + (twice ? 32 : 0)]);
        return stream.ToArray();
    }

    private static void WriteValue(BinaryWriter w, string lie)
    {
        switch (lie)
        {
            case "kind": w.Write(13u); break;
            case "array length": w.Write(9u); w.Write(4u); w.Write(1UL << 62); break;
            case "array of texts": w.Write(9u); w.Write(8u); w.Write(2UL); w.Write(ulong.MaxValue); break;
            case "array kind": w.Write(9u); w.Write(99u); w.Write(1UL); break;
            case "nested arrays":
                w.Write(9u);
                for (int i = 0; i < 1000; i++)
                {
                    w.Write(9u);
                    w.Write(1UL);
                }
                break;
            case "truth value": w.Write(7u); w.Write((byte)2); break;
            case "alignment 24": w.Write(4u); w.Write(24u); break;
            case "alignment text": w.Write(8u); Text(w, "32"); break;
            default: w.Write(4u); w.Write(0u); break;
        }
    }

    private static void WriteTensor(BinaryWriter w, string lie, int index)
    {
        Text(w, index == 1 && lie == "tensor twice" ? "u" : "t");
        ulong[] shape = lie switch
        {
            "dimensions" => [1, 1, 1, 1, 1, 1, 1, 1, 1],
            "overflow" => [1UL << 40, 1UL << 40],
            "negative" => [4, ulong.MaxValue],
            _ => [4, 2],
        };
        w.Write((uint)shape.Length);
        foreach (ulong size in shape) w.Write(size);
        w.Write(lie switch { "type" => 5000u, "block" => 8u, _ => 0u });
        w.Write(lie switch { "offset" => ulong.MaxValue - 31, "end" => 32UL, "misaligned" => 4UL, "name twice" => 32UL * (ulong)index, _ => 0UL });
        if (lie == "misaligned") w.Write(new byte[64]); // room behind, so that only the alignment is wrong
    }

    private static void Text(BinaryWriter w, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        w.Write((ulong)bytes.Length);
        w.Write(bytes);
    }
}

using System.Text;
using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class GgufTests
{
    [Fact]
    public void Every_kind_of_metadata_survives_a_round_trip()
    {
        using TempFolder folder = new();
        GgufMetadata metadata = Everything();
        GgufWriter.Save(folder["a.gguf"], metadata, []);
        using GgufFile file = new(folder["a.gguf"]);
        Assert.Equal(metadata.Keys, file.Metadata.Keys);
        foreach ((string key, GgufValue value) in metadata) AssertSame(value, file.Metadata[key]);
    }

    [Fact]
    public void Getters_take_any_width_and_name_the_key_otherwise()
    {
        GgufMetadata metadata = Everything();
        Assert.Equal(200, metadata.Integer("u8"));
        Assert.Equal(-5, metadata.Integer("i64"));
        Assert.Equal(1.5, metadata.Number("f32"));
        Assert.Equal(-3, metadata.Number("i16"));
        Assert.True(metadata.Flag("bool"));
        Assert.Equal("grüße", metadata.Text("text"));
        Assert.Equal(["a", "", "ü"], metadata.Strings("texts")!);
        Assert.Equal([1L, 2L], metadata.Integers("numbers.u16")!);
        Assert.Equal([0.5f, -1f], metadata.Floats("numbers.f32")!);
        Assert.Null(metadata.Text("missing"));
        Assert.Contains("'text' should be a whole number", Assert.Throws<HoneException>(() => metadata.Integer("text")).Message);
        Assert.Contains("'huge' should be a whole number", Assert.Throws<HoneException>(() => metadata.Integer("huge")).Message);
        Assert.Contains("'bool' should be a number", Assert.Throws<HoneException>(() => metadata.Number("bool")).Message);
        Assert.Contains("'texts' should be a list of numbers", Assert.Throws<HoneException>(() => metadata.Floats("texts")).Message);
        Assert.Contains("'missing' is missing", Assert.Throws<HoneException>(() => metadata["missing"]).Message);
    }

    [Fact]
    public void Tensors_survive_a_round_trip_in_pytorch_order()
    {
        using TempFolder folder = new();
        float[] values = [.. Enumerable.Range(0, 192).Select(i => i / 8f)];
        GgufMetadata metadata = new();
        metadata.Set("general.alignment", GgufValue.Of(64u));
        GgufWriter.Save(folder["a.gguf"], metadata,
        [
            WeightSource.FromFloats("f32", WeightType.F32, [3, 64], values),
            WeightSource.FromFloats("odd", WeightType.F16, [3], values.AsMemory(0, 3)),
            WeightSource.FromFloats("q8", WeightType.Q8_0, [2, 3, 32], values),
            WeightSource.FromNumbers("i32", [2], [7, -7]),
        ]);
        using GgufFile file = new(folder["a.gguf"]);
        Assert.Equal(64, file.Alignment);
        Assert.All(file.Entries.Keys, name => Assert.Equal(0, (file.OffsetOf(name) - file.DataStart) % 64));
        Assert.Equal([3L, 64L], file.Entries["f32"].Shape);
        Assert.Equal([2L, 3L, 32L], file.Entries["q8"].Shape);
        float[] row = new float[64];
        file.ReadRows("f32", 1, 1, row);
        Assert.Equal(values[64..128], row);
        file.ReadRows("q8", 2, 2, row);
        for (int i = 0; i < 64; i++) Assert.InRange(row[i] - values[64 + i], -0.07f, 0.07f); // half a step of 23.875 / 127
    }

    [Fact]
    public void A_large_file_opens_at_once()
    {
        using TempFolder folder = new();
        GgufMetadata metadata = new();
        metadata.Set("tokenizer.ggml.tokens", GgufValue.Of(Enumerable.Range(0, 150_000).Select(i => $"token {i}").ToArray()));
        GgufWriter.Save(folder["a.gguf"], metadata, []);
        string path = Grow(folder["a.gguf"], 1L << 30);
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        using GgufFile file = new(path);
        Assert.Equal(1L << 30, file.Entries["big"].Bytes);
        Assert.Equal(0, file.Bytes("big")[^1]);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"{watch.Elapsed}"); // a tenth of that on a quiet machine
        Assert.Equal("token 149999", file.Metadata.Strings("tokenizer.ggml.tokens")![^1]);
    }

    /// <summary>Adds a tensor of the given size to a file without tensors; its data are a hole that takes no disk.</summary>
    private static string Grow(string path, long bytes)
    {
        byte[] header = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(header.AsSpan(8), 1UL); // number of tensors
        using FileStream stream = new(path + ".big", FileMode.Create);
        using BinaryWriter writer = new(stream);
        int end = Array.FindLastIndex(header, b => b != 0) + 1; // the metadata end in a letter, padding follows
        writer.Write(header.AsSpan(0, end));
        writer.Write(3UL);
        writer.Write("big"u8);
        writer.Write(2u);
        writer.Write(4096UL);
        writer.Write((ulong)bytes / 4096 / 4);
        writer.Write(0u);
        writer.Write(0UL);
        writer.Flush();
        stream.SetLength((stream.Position + 31) / 32 * 32 + bytes);
        return path + ".big";
    }

    [Fact]
    public void Arrays_that_were_read_stay_readable_after_the_file_is_closed()
    {
        using TempFolder folder = new();
        GgufWriter.Save(folder["a.gguf"], Everything(), []);
        GgufFile file = new(folder["a.gguf"]);
        _ = file.Metadata.Strings("texts");
        file.Dispose();
        Assert.Equal(["a", "", "ü"], file.Metadata.Strings("texts")!);
        Assert.Throws<ObjectDisposedException>(() => file.Metadata.Floats("numbers.f32"));
    }

    [Fact]
    public void What_GGUF_cannot_hold_is_refused_before_anything_is_written()
    {
        using TempFolder folder = new();
        WeightSource one = WeightSource.FromNumbers("a", [1], [1f]);
        Assert.Contains("twice", Refusal(one, one));
        Assert.Contains("no type U8", Refusal(WeightSource.FromNumbers("a", [1], [(byte)1])));
        Assert.Contains("longer than", Refusal(WeightSource.FromNumbers(new string('a', 64), [1], [1f])));
        Assert.Contains("5 dimensions", Refusal(WeightSource.FromNumbers("a", [1, 1, 1, 1, 1], [1f])));
        Assert.Contains("blocks of 32", Assert.Throws<HoneException>(() => WeightSource.FromFloats("a", WeightType.Q8_0, [33], new float[33])).Message);
        Assert.Contains("finite", Refusal(WeightSource.FromFloats("a", WeightType.Q8_0, [32], Enumerable.Repeat(float.NaN, 32).ToArray())));
        Assert.Empty(Directory.GetFiles(folder.Path));

        string Refusal(params WeightSource[] tensors) =>
            Assert.Throws<HoneException>(() => GgufWriter.Save(folder["a.gguf"], new GgufMetadata(), tensors)).Message;
    }

    [Theory]
    [InlineData("tiny-llama-f16.gguf")]
    [InlineData("tiny-llama-q8_0.gguf")]
    [InlineData("tiny-llama-legacy.gguf")]
    [InlineData("tiny-llama3rope-f16.gguf")]
    [InlineData("tiny-llama-kquants.gguf")]
    public void Files_of_the_reference_library_are_rewritten_byte_for_byte(string name)
    {
        string path = SharedData.Require($"data/golden/inference/gguf/{name}");
        using TempFolder folder = new();
        using GgufFile file = new(path);
        GgufWriter.Save(folder["copy.gguf"], file.Metadata, file.Entries.Keys.Select(tensor => WeightSource.Copy(file, tensor)));
        Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(folder["copy.gguf"])));
    }

    internal static GgufMetadata Everything()
    {
        GgufMetadata metadata = new();
        metadata.Set("u8", GgufValue.Of((byte)200));
        metadata.Set("i8", GgufValue.Of((sbyte)-1));
        metadata.Set("u16", GgufValue.Of((ushort)65535));
        metadata.Set("i16", GgufValue.Of((short)-3));
        metadata.Set("u32", GgufValue.Of(4000000000u));
        metadata.Set("i32", GgufValue.Of(-4));
        metadata.Set("huge", GgufValue.Of(ulong.MaxValue));
        metadata.Set("i64", GgufValue.Of(-5L));
        metadata.Set("f32", GgufValue.Of(1.5f));
        metadata.Set("f64", GgufValue.Of(0.1));
        metadata.Set("bool", GgufValue.Of(true));
        metadata.Set("text", GgufValue.Of("grüße"));
        metadata.Set("texts", GgufValue.Of(new[] { "a", "", "ü" }));
        metadata.Set("numbers.u16", GgufValue.Of(new ushort[] { 1, 2 }));
        metadata.Set("numbers.f32", GgufValue.Of(new[] { 0.5f, -1f }));
        metadata.Set("numbers.i64", GgufValue.Of(new[] { long.MinValue }));
        metadata.Set("flags", GgufValue.Of(new[] { true, false }));
        metadata.Set("empty", GgufValue.Of(Array.Empty<int>()));
        metadata.Set("nested", GgufValue.Of(new[] { GgufValue.Of(new[] { 1, 2 }), GgufValue.Of(new[] { "x" }) }));
        return metadata;
    }

    private static void AssertSame(GgufValue expected, GgufValue found)
    {
        Assert.Equal((expected.Kind, expected.ElementKind, expected.Count), (found.Kind, found.ElementKind, found.Count));
        if (expected.Value is GgufValue[] nested)
        {
            GgufValue[] items = (GgufValue[])found.Value;
            for (int i = 0; i < nested.Length; i++) AssertSame(nested[i], items[i]);
            return;
        }
        Assert.Equal(expected.Value, found.Value);
    }
}

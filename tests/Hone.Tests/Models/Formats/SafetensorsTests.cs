using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class SafetensorsTests
{
    [Fact]
    public void Every_type_survives_a_round_trip()
    {
        using TempFolder folder = new();
        SafetensorsWriter.Save(folder["a.safetensors"], Sources(), new Dictionary<string, string> { ["format"] = "pt", ["wit"] = "ü\"\\" });
        using SafetensorsFile file = new(folder["a.safetensors"]);
        Assert.Equal("ü\"\\", file.Metadata["wit"]);
        Assert.Equal(Sources().Select(s => s.Entry.Name).Order(), file.Entries.Keys.Order());
        foreach (WeightSource source in Sources())
        {
            using MemoryStream expected = new();
            source.WriteTo(expected);
            WeightEntry entry = file.Entries[source.Entry.Name];
            Assert.Equal(source.Entry.Type, entry.Type);
            Assert.Equal(source.Entry.Shape, entry.Shape);
            Assert.Equal(expected.ToArray(), file.Bytes(entry.Name).ToArray());
        }
    }

    [Fact]
    public void Rows_are_those_of_the_last_dimension()
    {
        using TempFolder folder = new();
        float[] values = [.. Enumerable.Range(0, 24).Select(i => (float)i)];
        SafetensorsWriter.Save(folder["a.safetensors"], [WeightSource.FromFloats("x", WeightType.F16, [2, 3, 4], values)]);
        using SafetensorsFile file = new(folder["a.safetensors"]);
        float[] rows = new float[8];
        file.ReadRows("x", 4, 2, rows);
        Assert.Equal(values[16..], rows);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadRows("x", 5, 2, new float[8]));
        Assert.Throws<ArgumentException>(() => file.ReadRows("x", 0, 2, new float[9]));
    }

    [Fact]
    public void Scalars_and_empty_tensors_are_tensors()
    {
        using TempFolder folder = new();
        SafetensorsWriter.Save(folder["a.safetensors"],
            [WeightSource.FromNumbers("scalar", [], [2.5]), WeightSource.FromNumbers("empty", [3, 0], Array.Empty<float>())]);
        using SafetensorsFile file = new(folder["a.safetensors"]);
        float[] value = new float[1];
        file.ReadRows("scalar", 0, 1, value);
        Assert.Equal(2.5f, value[0]);
        Assert.Equal(0, file.Bytes("empty").Length);
        file.ReadRows("empty", 0, 3, []);
    }

    [Fact]
    public void An_unknown_tensor_is_named_with_its_nearest()
    {
        using TempFolder folder = new();
        SafetensorsWriter.Save(folder["a.safetensors"], [WeightSource.FromNumbers("model.norm.weight", [1], [1f])]);
        using SafetensorsFile file = new(folder["a.safetensors"]);
        HoneException error = Assert.Throws<HoneException>(() => file.Bytes("model.norm.weigth"));
        Assert.Contains("'model.norm.weight'", error.Message);
    }

    [Fact]
    public void A_model_is_split_by_size_and_read_as_one()
    {
        using TempFolder folder = new();
        WeightSource[] tensors = [.. Enumerable.Range(0, 5).Select(i => WeightSource.FromNumbers($"t{i}", [10], Enumerable.Repeat((float)i, 10).ToArray()))];
        IReadOnlyList<string> names = SafetensorsWriter.SaveSharded(folder.Path, tensors, maxShardBytes: 90);
        Assert.Equal(["model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors", "model.safetensors.index.json"], names);
        using (IWeightFile file = ModelFiles.Open(folder.Path))
        {
            Assert.IsType<SafetensorsIndex>(file);
            Assert.Equal(5, file.Entries.Count);
            float[] row = new float[10];
            file.ReadRows("t3", 0, 1, row);
            Assert.All(row, value => Assert.Equal(3f, value));
        }
        Assert.Equal(["model.safetensors"], SafetensorsWriter.SaveSharded(folder.Path, tensors));
        Assert.Equal(["model.safetensors"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_name_twice_and_a_block_type_are_refused_before_anything_is_written()
    {
        using TempFolder folder = new();
        WeightSource one = WeightSource.FromNumbers("a", [1], [1f]);
        Assert.Contains("twice", Assert.Throws<HoneException>(() => SafetensorsWriter.Save(folder["a.safetensors"], [one, one])).Message);
        WeightSource block = WeightSource.FromFloats("b", WeightType.Q8_0, [1, 32], new float[32]);
        Assert.Contains("no type Q8_0", Assert.Throws<HoneException>(() => SafetensorsWriter.Save(folder["a.safetensors"], [block])).Message);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Files_of_the_reference_library_are_rewritten_byte_for_byte()
    {
        string[] files = Directory.GetFiles(SharedData.Require("data/golden"), "*.safetensors", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        using TempFolder folder = new();
        foreach (string path in files.Where(path => new FileInfo(path).Length < 4 << 20))
        {
            using SafetensorsFile file = new(path);
            SafetensorsWriter.Save(folder["copy.safetensors"], file.Entries.Keys.Select(name => WeightSource.Copy(file, name)), file.Metadata);
            Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(folder["copy.safetensors"])), path);
        }
    }

    private static WeightSource[] Sources() =>
    [
        WeightSource.FromNumbers("f64", [3], [1.5, double.NaN, double.Epsilon]),
        WeightSource.FromNumbers("f32", [2, 1], [float.NegativeInfinity, 1e-45f]),
        WeightSource.FromNumbers("f16", [2], [(Half)0.5, Half.NaN]),
        WeightSource.FromFloats("bf16", WeightType.BF16, [2, 2], new float[] { 1, 2, 3, 4 }),
        WeightSource.FromNumbers("i64", [1], [long.MinValue]),
        WeightSource.FromNumbers("i32", [1], [int.MinValue]),
        WeightSource.FromNumbers("i16", [1], [short.MinValue]),
        WeightSource.FromNumbers("i8", [3], [sbyte.MinValue, (sbyte)0, (sbyte)1]),
        WeightSource.FromNumbers("u64", [1], [ulong.MaxValue]),
        WeightSource.FromNumbers("u32", [1], [uint.MaxValue]),
        WeightSource.FromNumbers("u16", [1], [ushort.MaxValue]),
        WeightSource.FromNumbers("u8", [1], [byte.MaxValue]),
        WeightSource.FromNumbers("bool", [2], [true, false]),
        WeightSource.FromBytes("f8 ü \"quoted\"", WeightType.F8_E4M3, [2], new byte[] { 1, 2 }),
        WeightSource.FromBytes("f8b", WeightType.F8_E5M2, [1], new byte[] { 3 }),
    ];
}

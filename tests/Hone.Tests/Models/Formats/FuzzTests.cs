using System.Buffers.Binary;
using System.Text;
using Hone.Models.Formats;
using Hone.Models.Formats.Hub;

namespace Hone.Tests.Models.Formats;

/// <summary>
/// Every reader on damaged files: it either reads them or refuses them with a sentence, and never allocates more than a small
/// multiple of the file. HONE_FUZZ sets the number of damaged files per reader, e.g. 1000000 for a night.
/// </summary>
public class FuzzTests
{
    private const int DefaultMutations = 500;

    private static readonly int Mutations = int.TryParse(Environment.GetEnvironmentVariable("HONE_FUZZ"), out int count) ? count : DefaultMutations;

    [Fact]
    public void Safetensors() => Fuzz("safetensors", SafetensorsBytes(), path => ReadAll(new SafetensorsFile(path)), FixHeaderLength);

    [Fact]
    public void Gguf() => Fuzz("gguf", GgufBytes(), path =>
    {
        GgufFile file = new(path);
        foreach (GgufValue value in file.Metadata.Values) Touch(value);
        ReadAll(file);
    });

    [Fact]
    public void Llama2c() => Fuzz("llama2c", Llama2cTests.Build(false), path => ReadAll(new Llama2cFile(path)));

    [Fact]
    public void Llama2c_tokenizer() => Fuzz("tokenizer", Llama2cTests.Tokenizer((0f, "a"), (-1f, "bc"), (2f, "<0x0A>")), path => Llama2cTokenizer.Read(path));

    [Fact]
    public void Safetensors_index()
    {
        string index = "{\"metadata\":{\"total_size\":24},\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\",\"c\":\"two.safetensors\"}}";
        Fuzz("index", Encoding.UTF8.GetBytes(index), path =>
        {
            string folder = Path.GetDirectoryName(path)!;
            if (!File.Exists(Path.Combine(folder, "one.safetensors"))) WriteShards(folder);
            ReadAll(new SafetensorsIndex(path));
        });
    }

    [Fact]
    public void Hub_listing()
    {
        byte[] listing = Hub.FakeHub.Listing(Hub.HubClientTests.Model());
        Fuzz("listing", listing, path => HubListing.Parse(File.ReadAllBytes(path), "hub"));
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Blocks_of_any_bits_expand(WeightType type)
    {
        RandomStream random = new(1, $"blocks/{type}");
        byte[] bytes = new byte[type.BlockBytes() * 64];
        float[] values = new float[type.BlockSize() * 64];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)random.Next(256);
        BlockFormats.Dequantize(type, bytes, values);
        Assert.Contains(values, value => value != 0);
    }

    public static TheoryData<WeightType> Blocks => [.. BlockFormats.Readable];

    private static void Fuzz(string reader, byte[] whole, Action<string> read, Func<byte[], RandomStream, byte[]>? fix = null)
    {
        using TempFolder folder = new();
        read(folder.Write("file", whole)); // undamaged, it must be readable
        RandomStream all = new(20, $"fuzz/{reader}");
        int refused = 0;
        for (int i = 0; i < Mutations; i++)
        {
            RandomStream random = all.Derive(i);
            byte[] damaged = Formats.Mutations.Apply(whole, random);
            if (fix is not null) damaged = fix(damaged, random);
            string path = folder.Write("file", damaged);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(path);
            }
            catch (HoneException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"{reader}, mutation {i}: {error}\n{Convert.ToBase64String(damaged)}");
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000 + 200L * damaged.Length);
        }
        Assert.InRange(refused, Mutations / 20, Mutations); // the damage is real
    }

    /// <summary>Reads every number of every tensor.</summary>
    private static void ReadAll(IWeightFile opened)
    {
        using IWeightFile file = opened;
        foreach (WeightEntry entry in file.Entries.Values)
        {
            if (entry.Count == 0) continue;
            float[] values = new float[Math.Min(entry.Columns, 4096)];
            Assert.Equal(entry.Bytes, file.Bytes(entry.Name).Length);
            for (long row = 0; row < entry.Rows && values.Length == entry.Columns; row++) file.ReadRows(entry.Name, row, 1, values);
        }
    }

    private static void Touch(GgufValue value)
    {
        if (value.Value is GgufValue[] nested)
            foreach (GgufValue item in nested) Touch(item);
    }

    /// <summary>Half of the time the length in front is set right again, so that damage inside the JSON is reached.</summary>
    private static byte[] FixHeaderLength(byte[] bytes, RandomStream random)
    {
        int end = Array.LastIndexOf(bytes, (byte)'}');
        if (random.Next(2) == 0 && end > 8) BinaryPrimitives.WriteInt64LittleEndian(bytes, end - 7);
        return bytes;
    }

    private static byte[] SafetensorsBytes()
    {
        using TempFolder folder = new();
        SafetensorsWriter.Save(folder["a"],
        [
            WeightSource.FromNumbers("f32", [2, 3], new float[6]),
            WeightSource.FromNumbers("f64", [2], [1.0, 2.0]),
            WeightSource.FromFloats("bf16", WeightType.BF16, [3, 1, 2], new float[6]),
            WeightSource.FromNumbers("empty", [0, 4], Array.Empty<long>()),
        ], SafetensorsWriter.PyTorchMetadata);
        return File.ReadAllBytes(folder["a"]);
    }

    private static byte[] GgufBytes()
    {
        using TempFolder folder = new();
        GgufWriter.Save(folder["a"], GgufTests.Everything(),
        [
            WeightSource.FromFloats("q", WeightType.Q4_K, [2, 256], new float[512]),
            WeightSource.FromFloats("norm", WeightType.F32, [8], new float[8]),
            WeightSource.FromFloats("q8", WeightType.Q8_0, [1, 2, 32], new float[64]),
        ]);
        return File.ReadAllBytes(folder["a"]);
    }

    private static void WriteShards(string folder)
    {
        SafetensorsWriter.Save(Path.Combine(folder, "one.safetensors"), [WeightSource.FromNumbers("a", [2], [1f, 2f])]);
        SafetensorsWriter.Save(Path.Combine(folder, "two.safetensors"), [WeightSource.FromNumbers("b", [2], [1f, 2f]), WeightSource.FromNumbers("c", [2], [1f, 2f])]);
    }
}

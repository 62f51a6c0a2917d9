using System.Text.Json.Nodes;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Tensors;

namespace Hone.Tests.Models.Decoder;

/// <summary>A tiny random model with what the reference library computed for it.</summary>
internal sealed class GoldenModel : IDisposable
{
    public const string Folder = "data/golden/inference/models";

    public GoldenModel(string folder, string? config = null)
    {
        Path = folder;
        Model = config is null ? ModelLoader.Load(folder).Model : LoadWith(folder, config);
        Expected = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(folder, "expected.json")))!.AsObject();
        Tensors = new SafetensorsFile(System.IO.Path.Combine(folder, "expected.safetensors"));
    }

    public string Path { get; }

    public LanguageModel Model { get; }

    public JsonObject Expected { get; }

    public SafetensorsFile Tensors { get; }

    public static GoldenModel Shared(string name, string? config = null) => new(SharedData.Require($"{Folder}/{name}"), config);

    /// <summary>Compact ones that are part of the project.</summary>
    public static GoldenModel Own(string name) => new(SharedData.Golden($"models/{name}"));

    public int[] Prompt(string name) => Ints(Expected["prompts"]![name]!);

    public float[] Tensor(string name)
    {
        WeightEntry entry = Tensors.Entries[name];
        float[] values = new float[entry.Count];
        Tensors.ReadRows(name, 0, entry.Rows, values);
        return values;
    }

    public float[] Logits(params IReadOnlyList<int[]> sequences)
    {
        using Tape tape = new(recording: false);
        return Model.Logits(tape, Model.Hidden(tape, TokenBatch.Of(sequences))).Data.ToArray();
    }

    public static int[] Ints(JsonNode node) => [.. node.AsArray().Select(x => (int)x!)];

    public static float[] Floats(JsonNode node) => [.. node.AsArray().Select(x => (float)x!)];

    public static double MaxDifference(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Assert.Equal(a.Length, b.Length);
        double max = 0;
        for (int i = 0; i < a.Length; i++)
        {
            Assert.True(float.IsFinite(a[i]), $"entry {i} is {a[i]}");
            max = Math.Max(max, Math.Abs((double)a[i] - b[i]));
        }
        return max;
    }

    public void Dispose() => Tensors.Dispose();

    private static LanguageModel LoadWith(string folder, string config)
    {
        string temporary = Directory.CreateTempSubdirectory("hone-golden-").FullName;
        try
        {
            foreach (string file in Directory.EnumerateFiles(folder, "model*")) File.Copy(file, System.IO.Path.Combine(temporary, System.IO.Path.GetFileName(file)));
            File.Copy(System.IO.Path.Combine(folder, config), System.IO.Path.Combine(temporary, "config.json"));
            return ModelLoader.Load(temporary).Model;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }
}

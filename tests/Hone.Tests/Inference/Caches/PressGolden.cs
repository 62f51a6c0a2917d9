using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Inference.Caches;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference.Caches;

/// <summary>One model of golden/kv with the rows of its file.</summary>
internal sealed class PressGolden
{
    public const string Folder = "data/golden/kv";

    private static readonly Dictionary<string, PressGolden> Loaded = [];

    private readonly SafetensorsFile tensors;

    private PressGolden(string name)
    {
        string folder = SharedData.Require(Folder);
        Model = ModelLoader.Load(Path.Combine(folder, $"tiny-{name}")).Model;
        Rows = Jsonl.Read(Path.Combine(folder, $"presses_{name}.jsonl")).Select(row => row.Fields).ToDictionary(row => (string)row["id"]!);
        tensors = new SafetensorsFile(Path.Combine(folder, $"presses_{name}.safetensors"));
        Context = GoldenModel.Ints(Rows[$"{name}-full"]["context_ids"]!);
        Question = GoldenModel.Ints(Rows[$"{name}-full"]["question_ids"]!);
    }

    public static ComponentRegistry Components { get; } = new ComponentRegistry().Scan(typeof(KvOptions).Assembly);

    public Hone.Models.Decoder.LanguageModel Model { get; }

    public IReadOnlyDictionary<string, JsonObject> Rows { get; }

    public int[] Context { get; }

    public int[] Question { get; }

    public static PressGolden Of(string name)
    {
        lock (Loaded) return Loaded.TryGetValue(name, out PressGolden? known) ? known : Loaded[name] = new PressGolden(name);
    }

    /// <summary>Ids of the rows of a file, or one entry that will be skipped where the file is absent.</summary>
    public static IEnumerable<string> Ids(string name) => SharedData.Path($"{Folder}/presses_{name}.jsonl") is { } path
        ? Jsonl.Read(path).Select(row => (string)row.Fields["id"]!)
        : [$"{name}-full"];

    public float[] Tensor(string name)
    {
        IReadOnlyList<long> shape = tensors.Entries[name].Shape;
        float[] data = new float[shape.Aggregate(1L, (a, b) => a * b)];
        tensors.ReadRows(name, 0, data.Length / shape[^1], data);
        return data;
    }

    /// <summary>[layer][head] kept positions.</summary>
    public static int[][][] Kept(JsonObject row, int kvHeads)
    {
        JsonArray layers = row["kept_positions_per_layer_per_kv_head"]!.AsArray();
        return [.. layers.Select(layer => layer!.AsArray() is { Count: > 0 } list && list[0] is JsonArray
            ? list.Select(head => GoldenModel.Ints(head!)).ToArray()
            : Enumerable.Repeat(GoldenModel.Ints(layer), kvHeads).ToArray())];
    }

    /// <summary>The same press in our words; null for one we do not have.</summary>
    public static string? Settings(JsonObject row)
    {
        JsonObject settings = row["settings"]?.AsObject() ?? [];
        double keep = 1 - (double)(row["compression_ratio"] ?? 0.0)!;
        string? policy = (string?)row["press"] is { } press ? PressNames.Of(press, settings) : null;
        if (row["lazy_threshold"] is { } threshold) policy += $",threshold={threshold}";
        if (row["key_channel_compression_ratio"] is { } removed) policy += FormattableString.Invariant($",channels={1 - (double)removed}");
        return policy is null ? null : $"{policy},keep={keep.ToString("R", CultureInfo.InvariantCulture)}";
    }
}

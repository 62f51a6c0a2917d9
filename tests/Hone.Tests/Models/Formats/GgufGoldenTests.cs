using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class GgufGoldenTests
{
    private const string Folder = "data/golden/inference/gguf";

    [Theory]
    [InlineData("tiny-llama-f16.gguf")]
    [InlineData("tiny-llama-q8_0.gguf")]
    [InlineData("tiny-llama-legacy.gguf")]
    [InlineData("tiny-llama3rope-f16.gguf")]
    [InlineData("tiny-llama-kquants.gguf")]
    public void Tiny_file_equals_its_listing(string name)
    {
        string folder = SharedData.Require(Folder);
        JsonObject expected = Jsonl.Read(Path.Combine(folder, "tiny_files.jsonl")).Single(row => row.Text("file") == name).Fields;
        using GgufFile file = new(Path.Combine(folder, name));
        CheckHeader(expected, file);
        CheckTensors([.. expected["tensors"]!.AsArray().Select(t => t!.AsObject())], file);
    }

    [Fact]
    public void SmolLM2_equals_its_listing()
    {
        string folder = SharedData.Require(Folder);
        string model = SharedData.Require("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
        using GgufFile file = new(model);
        CheckHeader(JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "smollm2_listing.json")))!.AsObject(), file);
        CheckTensors([.. Jsonl.Read(Path.Combine(folder, "smollm2_tensors.jsonl")).Select(row => row.Fields)], file);
    }

    private static void CheckHeader(JsonObject expected, GgufFile file)
    {
        Assert.Equal((int)expected["version"]!, file.Version);
        Assert.Equal((int)expected["alignment"]!, file.Alignment);
        Assert.Equal((long)expected["data_start"]!, file.DataStart);
        Assert.Equal((int)expected["tensor_count"]!, file.Entries.Count);
        JsonArray metadata = expected["metadata"]!.AsArray();
        Assert.Equal(metadata.Select(item => (string)item!["key"]!), file.Metadata.Keys);
        foreach (JsonNode? item in metadata) CheckValue(item!.AsObject(), file.Metadata[(string)item["key"]!]);
    }

    private static void CheckValue(JsonObject expected, GgufValue value)
    {
        if (value.Kind != GgufKind.Array)
        {
            Assert.Equal((string)expected["type"]!, value.Kind.ToString().ToUpperInvariant());
            Assert.Equal(Line(expected["value"]!), Line(JsonValue.Create(value.Value)!));
            return;
        }
        Assert.Equal((string)expected["type"]!, $"ARRAY of {value.ElementKind.ToString()!.ToUpperInvariant()}");
        Assert.Equal((int)expected["length"]!, value.Count);
        string[] items = [.. ((Array)value.Value).Cast<object>().Select(v => Line(JsonValue.Create(v)!))];
        Assert.Equal(expected["first"]!.AsArray().Select(v => Line(v!)), items.Take(expected["first"]!.AsArray().Count));
        Assert.Equal(expected["last"]!.AsArray().Select(v => Line(v!)), items.TakeLast(expected["last"]!.AsArray().Count));
        if (expected["sha256_of_lines"] is { } hash)
            Assert.Equal((string)hash!, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', items)))));
    }

    /// <summary>Numbers as fp32 in shortest form, so that 9 printed digits and the stored bits compare equal.</summary>
    private static string Line(JsonNode value) => value.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.String => (string)value!,
        System.Text.Json.JsonValueKind.Number => float.Parse(value.ToJsonString(), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        _ => value.ToJsonString(),
    };

    private static void CheckTensors(JsonObject[] expected, GgufFile file)
    {
        Assert.Equal(expected.Length, file.Entries.Count);
        foreach (JsonObject tensor in expected)
        {
            string name = (string)tensor["name"]!;
            WeightEntry entry = file.Entries[name];
            Assert.Equal((string)tensor["type"]!, entry.Type.ToString());
            Assert.Equal(tensor["ne"]!.AsArray().Select(n => (long)n!).Reverse(), entry.Shape);
            Assert.Equal((long)tensor["n_bytes"]!, entry.Bytes);
            Assert.Equal((long)tensor["file_offset"]!, file.OffsetOf(name));
            bool same = (string)tensor["sha256"]! == Convert.ToHexStringLower(SHA256.HashData(file.Bytes(name)));
            Parity.Count(1, same ? 1 : 0, test: "tensors of GGUF files");
            Assert.True(same, name);
        }
    }
}

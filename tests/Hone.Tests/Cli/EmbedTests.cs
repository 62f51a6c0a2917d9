using System.Text.Json.Nodes;
using Hone.Models.Formats;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Cli;

public sealed class EmbedTests : IDisposable
{
    private readonly TinyModelFolder model = new();

    public void Dispose() => model.Dispose();

    [Fact]
    public void MiniLm_equals_sentence_transformers()
    {
        string minilm = SharedData.Require("models/all-minilm-l6-v2");
        JsonNode[] rows = [.. File.ReadLines(SharedData.Require("data/golden/inference/minilm/texts.jsonl")).Select(line => JsonNode.Parse(line)!)];
        using SafetensorsFile values = new(SharedData.Require("data/golden/inference/minilm/embeddings.safetensors"));
        float[] expected = new float[30 * 384];
        values.ReadRows("embeddings", 0, 30, expected);
        string data = model.Write("texts.jsonl", [.. rows.Select(row => new JsonObject { ["text"] = (string)row["text"]! }.ToJsonString())]), output = model["vectors.jsonl"];
        CliRun run = CliRun.Of("embed", "--model", minilm, "--data", data, "--out", output, "--json");
        Assert.Equal((30, 384), ((int)JsonNode.Parse(run.Output)!["rows"]!, (int)JsonNode.Parse(run.Output)!["size"]!));
        float[] found = [.. File.ReadLines(output).SelectMany(line => GoldenModel.Floats(JsonNode.Parse(line)!["embedding"]!))];
        Assert.True(GoldenModel.MaxDifference(found, expected) < 1e-5);
    }

    [Fact]
    public void A_decoder_is_pooled_and_bad_rows_are_named()
    {
        CliRun run = CliRun.Of("embed", "--model", model.Path, "--data", model.Write("ok.jsonl", """{"id":"a","text":"Ann has"}""", """{"ids":[260,263]}"""), "--quiet");
        Assert.Equal(0, run.Code);
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        float[] vector = GoldenModel.Floats(JsonNode.Parse(lines[0])!["embedding"]!);
        Assert.Equal(32, vector.Length);
        Assert.Equal(1, vector.Sum(x => x * x), 1e-5);
        Assert.Equal("a", (string)JsonNode.Parse(lines[0])!["id"]!);
        string data = model.Write("bad.jsonl", """{"text":"Ann"}""", """{"text":""}""");
        run = CliRun.Of("embed", "--model", model.Path, "--data", data);
        Assert.Equal((2, $"{data}:2: a text has no tokens, so it has no vector.\n"), (run.Code, run.Error));
        data = model.Write("bad.jsonl", """{"ids":[999999]}""");
        Assert.Equal($"{data}:1: token id 999999 is outside the model's vocabulary of 270. Is this the tokenizer of this model?\n", CliRun.Of("embed", "--model", model.Path, "--data", data).Error);
    }
}

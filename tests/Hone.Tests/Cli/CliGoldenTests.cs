using System.Text.Json.Nodes;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Cli;

/// <summary>The commands, from text to text, against recorded values.</summary>
public sealed class CliGoldenTests : IDisposable
{
    private const string Golden = "data/golden/inference";
    private readonly string folder = Directory.CreateTempSubdirectory("hone-cli-golden-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static JsonNode[] Rows(string file) => [.. File.ReadLines(SharedData.Require($"{Golden}/{file}")).Select(line => JsonNode.Parse(line)!)];

    private JsonNode[] Score(string model, IEnumerable<JsonObject> rows)
    {
        string data = Path.Combine(folder, "rows.jsonl"), output = Path.Combine(folder, "scores.jsonl");
        File.WriteAllLines(data, rows.Select(row => row.ToJsonString()));
        Assert.Equal(0, CliRun.Of("score", "--model", model, "--data", data, "--out", output).Code);
        return [.. File.ReadLines(output).Select(line => JsonNode.Parse(line)!)];
    }

    [Fact]
    public void SmolLm2_scores_texts()
    {
        string model = SharedData.Require("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
        JsonNode[] golden = Rows("smollm2/logprobs.jsonl");
        JsonNode[] scores = Score(model, golden.Select(row => new JsonObject { ["text"] = (string)row["text"]! }));
        Assert.Equal(8, scores.Length);
        foreach ((JsonNode expected, JsonNode found) in golden.Zip(scores))
        {
            Assert.Equal(GoldenModel.Ints(expected["input_ids"]!), GoldenModel.Ints(found["ids"]!));
            float[] logProbs = [.. found["logprobs"]!.AsArray().Skip(1).Select(n => (float)n!)];
            Assert.True(GoldenModel.MaxDifference(logProbs, GoldenModel.Floats(expected["logprobs"]!)) < 1e-3, (string)expected["id"]!);
        }
    }

    [Fact]
    public void SmolLm2_answers_messages()
    {
        string model = SharedData.Require("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
        JsonNode golden = Rows("smollm2/greedy.jsonl")[0];
        string messages = Path.Combine(folder, "chat.json");
        File.WriteAllText(messages, golden["messages"]!.ToJsonString());
        JsonNode json = JsonNode.Parse(CliRun.Of("generate", "--model", model, "--messages", messages, "--max-tokens", "40", "--json").Output)!;
        Assert.Equal(GoldenModel.Ints(golden["input_ids"]!), GoldenModel.Ints(json["prompt_ids"]!));
        Assert.Equal(GoldenModel.Ints(golden["greedy"]!), GoldenModel.Ints(json["ids"]!));
        Assert.Equal("The capital of France is Paris.", (string)json["text"]!);
    }

    [Fact]
    public void Stories260K_from_text()
    {
        string model = SharedData.Require("models/stories260K/stories260K.bin");
        int greedy = 0;
        foreach (JsonNode row in Rows("stories260k/cases.jsonl").Where(row => row["greedy"] is not null))
        {
            JsonNode json = JsonNode.Parse(CliRun.Of("generate", "--model", model, "--prompt", (string)row["text"]!, "--max-tokens", "120", "--json").Output)!;
            Assert.Equal(GoldenModel.Ints(row["input_ids"]!), GoldenModel.Ints(json["prompt_ids"]!));
            Assert.Equal(GoldenModel.Ints(row["greedy"]!), GoldenModel.Ints(json["ids"]!));
            greedy++;
        }
        JsonNode[] scored = [.. Rows("stories260k/cases.jsonl").Where(row => row["logprobs"] is not null)];
        JsonNode[] scores = Score(model, scored.Select(row => new JsonObject { ["text"] = (string)row["text"]! }));
        foreach ((JsonNode expected, JsonNode found) in scored.Zip(scores))
        {
            Assert.Equal(GoldenModel.Ints(expected["input_ids"]!), GoldenModel.Ints(found["ids"]!));
            float[] logProbs = [.. found["logprobs"]!.AsArray().Skip(1).Select(n => (float)n!)];
            Assert.True(GoldenModel.MaxDifference(logProbs, GoldenModel.Floats(expected["logprobs"]!)) < 1e-4);
        }
        Assert.Equal(9, greedy + scored.Length);
    }

    [Theory]
    [InlineData("llama_gqa"), InlineData("gemma3"), InlineData("qwen3_moe"), InlineData("gpt2")]
    public void Random_models_generate_by_ids(string name)
    {
        string model = SharedData.Require($"{Golden}/models/{name}");
        JsonNode expected = JsonNode.Parse(File.ReadAllText(Path.Combine(model, "expected.json")))!;
        string prompt = string.Join(',', GoldenModel.Ints(expected["prompts"]!["a"]!));
        JsonNode json = JsonNode.Parse(CliRun.Of("generate", "--model", model, "--ids", prompt, "--max-tokens", "24", "--ignore-eos", "--json").Output)!;
        Assert.Equal(GoldenModel.Ints(expected["greedy"]!["a"]!["tokens"]!), GoldenModel.Ints(json["ids"]!));
        Assert.Equal("", (string)json["text"]!);
    }
}

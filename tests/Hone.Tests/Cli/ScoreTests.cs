using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Tensors.Threads;
using Hone.Training.Adapters;

namespace Hone.Tests.Cli;

public sealed class ScoreTests : IDisposable
{
    private readonly TinyModelFolder model = new();

    public void Dispose() => model.Dispose();

    [Fact]
    public void Text_pairs_and_ids_are_scored()
    {
        string data = model.Write("rows.jsonl", """{"text":"Ann has cups"}""", """{"id":"p","prompt":"Ann has","completion":" cups"}""", """{"ids":[260,263,265]}""", """{"text":""}""");
        string output = model["scores.jsonl"];
        CliRun run = CliRun.Of("score", "--model", model.Path, "--data", data, "--out", output, "--threads", "1");
        Assert.Equal((0, ""), (run.Code, run.Output));
        JsonObject[] rows = [.. File.ReadLines(output).Select(line => JsonNode.Parse(line)!.AsObject())];
        int[] ids = model.Tokenizer.Encode("Ann has cups");
        float[] expected = new Scorer(model.Loaded.Model).LogProbs([ids])[0];
        Assert.Equal(4, rows.Length);
        Assert.Equal(["ids", "logprobs"], rows[0].Select(f => f.Key));
        Assert.Equal(["id", "ids", "logprobs", "prompt_tokens"], rows[1].Select(f => f.Key));
        Assert.Equal(2, (int)rows[1]["prompt_tokens"]!);
        foreach (JsonObject row in rows.Take(2))
        {
            Assert.Equal(ids, row["ids"]!.AsArray().Select(n => (int)n!));
            Assert.Null(row["logprobs"]![0]);
            Assert.Equal(expected[1..], row["logprobs"]!.AsArray().Skip(1).Select(n => (float)n!));
        }
        Assert.Equal("""{"ids":[],"logprobs":[]}""", rows[3].ToJsonString());
    }

    [Fact]
    public void A_summary_as_json()
    {
        string data = model.Write("rows.jsonl", """{"ids":[260,263,265]}""", """{"ids":[5]}""");
        JsonNode json = JsonNode.Parse(CliRun.Of("score", "--model", model.Path, "--data", data, "--json", "--threads", "1").Output)!;
        Assert.Equal((2, 4, 2), ((int)json["rows"]!, (int)json["tokens"]!, (int)json["scored_tokens"]!));
        Assert.Equal(Math.Exp((double)json["mean_nll"]!), (double)json["perplexity"]!, 1e-9);
    }

    [Theory]
    [InlineData("""{"txt":"Ann"}""", "expected text, prompt and completion, or ids. Fields here: txt.")]
    [InlineData("""{"ids":[1,"2"]}""", "ids[1] is \"2\"; expected a whole number.")]
    [InlineData("""{"ids":3}""", "field 'ids' must be a list of token ids, such as [1, 2, 3].")]
    [InlineData("""{"ids":[9999]}""", "token id 9999 is outside the model's vocabulary of 270. Is this the tokenizer of this model?")]
    [InlineData("""{"ids":[-1]}""", "token id -1 is outside the model's vocabulary of 270. Is this the tokenizer of this model?")]
    [InlineData("{", "not valid JSON at column 2; expected one object per line.")]
    public void A_malformed_line_is_named_and_nothing_is_written(string line, string message)
    {
        string data = model.Write("rows.jsonl", """{"ids":[1,2]}""", line), output = model["scores.jsonl"];
        CliRun run = CliRun.Of("score", "--model", model.Path, "--data", data, "--out", output);
        Assert.Equal((2, "", $"{data}:2: {message}\n"), (run.Code, run.Output, run.Error));
        Assert.False(File.Exists(output));
        run = CliRun.Of("score", "--model", model.Path, "--data", data, "--on-error", "skip", "--quiet", "--out", output);
        Assert.Equal((0, "", $"warning: left out: {data}:2: {message}\n"), (run.Code, run.Output, run.Error));
        Assert.Single(File.ReadLines(output));
    }

    [Fact]
    public void A_model_without_a_tokenizer_scores_ids_only()
    {
        using TinyModelFolder bare = new(hasTokenizer: false);
        string data = bare.Write("rows.jsonl", """{"ids":[260,263]}""");
        Assert.Equal(0, CliRun.Of("score", "--model", bare.Path, "--data", data, "--threads", "1").Code);
        CliRun run = CliRun.Of("score", "--model", bare.Path, "--data", bare.Write("text.jsonl", """{"text":"Ann"}"""));
        Assert.Equal(2, run.Code);
        Assert.Contains("text.jsonl:1: ", run.Error);
        Assert.Contains("no tokenizer was found with the model", run.Error);
    }

    [Fact]
    public void An_adapter_changes_the_scores()
    {
        string data = model.Write("rows.jsonl", """{"ids":[260,263,265]}""");
        string plain = CliRun.Of("score", "--model", model.Path, "--data", data, "--quiet").Output;
        using WorkerPool workers = new(1);
        LoraModel lora = LoraModel.Attach(model.Loaded.Model, new LoraConfig { Rank = 2, Alpha = 4 }, new RandomStream(1, "lora"), workers);
        foreach (LoraLayer layer in lora.Layers) layer.B.Value.Data.Fill(0.05f);
        Directory.CreateDirectory(model["adapter"]);
        lora.Save(model["adapter"]);
        float[] expected = new Scorer(model.Loaded.Model).LogProbs([[260, 263, 265]])[0];
        CliRun run = CliRun.Of("score", "--model", model.Path, "--data", data, "--adapter", model["adapter"], "--quiet");
        Assert.Equal(expected[1..], JsonNode.Parse(run.Output)!["logprobs"]!.AsArray().Skip(1).Select(n => (float)n!));
        Assert.NotEqual(plain, run.Output);
        Assert.Equal($"{model["none"]}: no such folder. An adapter is a folder with adapter_config.json and adapter_model.safetensors.\n",
            CliRun.Of("score", "--model", model.Path, "--data", data, "--adapter", model["none"]).Error);
    }
}

using System.Text.Json.Nodes;

namespace Hone.Tests.Cli;

public sealed class ModelInfoTests : IDisposable
{
    private readonly TinyModelFolder model = new(TinyModelFolder.Template);

    public void Dispose() => model.Dispose();

    [Fact]
    public void Sizes_types_memory_tokenizer()
    {
        CliRun run = CliRun.Of("model", "info", model.Path, "--context", "100", "--tensors", "--json");
        Assert.Equal((0, ""), (run.Code, run.Error));
        JsonNode json = JsonNode.Parse(run.Output)!;
        Assert.Equal("llama", (string)json["architecture"]!);
        // embedding 270 · 32; two layers of q, o 32 · 32, k, v 16 · 32, three matrices 64 · 32, two gains 32; a last gain
        const long parameters = 270 * 32 + 2 * (2 * 32 * 32 + 2 * 16 * 32 + 3 * 64 * 32 + 2 * 32) + 32;
        Assert.Equal(parameters, (long)json["parameters"]!);
        Assert.Equal(parameters, model.Loaded.Model.ParameterCount);
        Assert.Equal(4 * parameters, (long)json["memory"]!["weights_bytes"]!);
        Assert.Equal(100 * 2 * 2 * 16 * 4, (long)json["memory"]!["kv_cache_bytes"]!); // tokens · (keys, values) · layers · width · bytes
        Assert.Equal(20, (int)json["file"]!["types"]!["F32"]!["tensors"]!);
        Assert.Equal(20, json["tensors"]!.AsArray().Count);
        Assert.Equal(("byte-level BPE", 270), ((string)json["tokenizer"]!["kind"]!, (int)json["tokenizer"]!["vocabulary"]!));
        Assert.True((bool)json["chat_template"]!);
    }

    [Fact]
    public void For_people_it_is_a_few_lines()
    {
        using TinyModelFolder bare = new(hasTokenizer: false);
        CliRun run = CliRun.Of("model", "info", bare.Path);
        Assert.Equal(0, run.Code);
        Assert.Contains("architecture   llama, 27,", run.Output);
        Assert.Contains("tokenizer      none: the model works by token ids", run.Output);
        Assert.Contains("chat template  none", run.Output);
    }

    [Fact]
    public void What_is_not_a_model_is_named()
    {
        CliRun run = CliRun.Of("model", "info", model["nowhere"]);
        Assert.Equal(2, run.Code);
        Assert.Contains("no such file or folder", run.Error);
    }

    [Fact]
    public void Real_models()
    {
        string smol = SharedData.Require("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
        JsonNode json = JsonNode.Parse(CliRun.Of("model", "info", smol, "--json").Output)!;
        Assert.Equal(("llama", 134515008, 30, 576), ((string)json["architecture"]!, (long)json["parameters"]!, (int)json["shape"]!["layers"]!, (int)json["shape"]!["hidden_size"]!));
        Assert.Equal(49152, (int)json["tokenizer"]!["vocabulary"]!);
        Assert.True((bool)json["chat_template"]!);
        json = JsonNode.Parse(CliRun.Of("model", "info", SharedData.Require("models/all-minilm-l6-v2"), "--json").Output)!;
        Assert.Equal(("bert", 6, "WordPiece"), ((string)json["architecture"]!, (int)json["shape"]!["layers"]!, (string)json["tokenizer"]!["kind"]!));
        json = JsonNode.Parse(CliRun.Of("model", "info", SharedData.Require("models/stories260K/stories260K.bin"), "--json").Output)!;
        Assert.Equal(("llama", "BPE with byte fallback", 512), ((string)json["architecture"]!, (string)json["tokenizer"]!["kind"]!, (int)json["tokenizer"]!["vocabulary"]!));
    }
}

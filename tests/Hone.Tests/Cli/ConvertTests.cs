using System.Text.Json.Nodes;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Tests.Models.Decoder;
using Hone.Training.Adapters;

namespace Hone.Tests.Cli;

public sealed class ConvertTests : IDisposable
{
    private readonly TinyModelFolder model = new(TinyModelFolder.Template);

    public void Dispose() => model.Dispose();

    private static readonly int[] Ids = [260, 263, 36, 7, 265];

    private static float[] Logits(LoadedModel loaded)
    {
        using Tape tape = new(recording: false);
        return loaded.Model.Logits(tape, loaded.Model.Hidden(tape, Hone.Models.Decoder.TokenBatch.Of(Ids))).Data.ToArray();
    }

    [Theory]
    [InlineData("out.gguf", "F32", 1e-5), InlineData("out.gguf", "F16", 0.05), InlineData("out.gguf", "Q8_0", 0.5), InlineData("out", "f32", 0), InlineData("out", "BF16", 0.5)]
    public void Logits_tokens_and_template_survive(string name, string type, double tolerance)
    {
        CliRun run = CliRun.Of("convert", model.Path, model[name], "--type", type, "--quiet");
        Assert.Equal(0, run.Code);
        LoadedModel again = ModelLoader.Load(model[name]);
        Assert.True(GoldenModel.MaxDifference(Logits(model.Loaded), Logits(again)) <= tolerance);
        Assert.Equal(TinyModelFolder.Template, again.Tokenizer!.ChatTemplate);
        foreach (string text in new[] { "Ann has 12 cups, and tea.", "(Ann) \"has\" <q>\n\ncups", "  ünd 🙂" })
        {
            Assert.Equal(model.Tokenizer.Encode(text), again.Tokenizer.Encode(text));
            Assert.Equal(text.Replace("<q>", "", StringComparison.Ordinal), again.Tokenizer.Decode(again.Tokenizer.Encode(text)));
        }
        Assert.Equal(model.Loaded.Generation.EosIds, again.Generation.EosIds);
        Assert.Equal((model.Tokenizer.EosId, model.Tokenizer.PadId), (again.Tokenizer.EosId, again.Tokenizer.PadId));
    }

    [Fact]
    public void An_adapter_is_merged()
    {
        using WorkerPool workers = new(1);
        LoraModel lora = LoraModel.Attach(model.Loaded.Model, new LoraConfig { Rank = 2, Alpha = 4 }, new RandomStream(1, "lora"), workers);
        foreach (LoraLayer layer in lora.Layers) layer.B.Value.Data.Fill(0.05f);
        Directory.CreateDirectory(model["adapter"]);
        lora.Save(model["adapter"]);
        float[] expected = Logits(model.Loaded);
        Assert.Equal(0, CliRun.Of("convert", model.Path, model["merged"], "--adapter", model["adapter"]).Code);
        Assert.True(GoldenModel.MaxDifference(expected, Logits(ModelLoader.Load(model["merged"]))) < 1e-4);
    }

    [Fact]
    public void From_one_form_to_the_next_and_back()
    {
        string stories = SharedData.Require("models/stories260K/stories260K.bin");
        Assert.Equal(0, CliRun.Of("convert", stories, model["s.gguf"]).Code);
        Assert.Equal(0, CliRun.Of("convert", model["s.gguf"], model["s"], "--type", "F32").Code);
        CliRun last = CliRun.Of("convert", model["s"], model["s2.gguf"], "--type", "F32", "--json");
        Assert.Equal(("F32", 260032), ((string)JsonNode.Parse(last.Output)!["type"]!, (int)JsonNode.Parse(last.Output)!["parameters"]!));
        string expected = CliRun.Of("generate", "--model", stories, "--prompt", "Once upon a time", "--max-tokens", "40", "--json").Output;
        foreach (string form in new[] { "s.gguf", "s", "s2.gguf" })
            Assert.Equal(expected, CliRun.Of("generate", "--model", model[form], "--prompt", "Once upon a time", "--max-tokens", "40", "--json").Output);
        using GgufFile file = new(model["s2.gguf"]);
        Assert.Equal("llama", file.Metadata.Text("tokenizer.ggml.model"));
        Assert.False(file.Metadata.ContainsKey("tokenizer.huggingface.json")); // the lists say all
    }

    [Theory]
    [InlineData("x.gguf", "Q9", "--type: 'Q9' is not one of F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q5_1, Q5_0, Q4_K, Q4_1, Q4_0.")]
    [InlineData("x", "Q8_0", "--type: 'Q8_0' is not one of F32, F16, BF16.")]
    public void Types_that_do_not_exist(string name, string type, string message)
    {
        CliRun run = CliRun.Of("convert", model.Path, model[name], "--type", type);
        Assert.Equal((2, "", message + "\n"), (run.Code, run.Output, run.Error));
    }

    [Fact]
    public void A_folder_with_other_things_is_not_replaced()
    {
        Directory.CreateDirectory(model["other"]);
        File.WriteAllText(Path.Combine(model["other"], "thesis.txt"), "precious");
        CliRun run = CliRun.Of("convert", model.Path, model["other"]);
        Assert.Equal((2, $"{model["other"]}: this folder holds other things than a model, and would be replaced. Give another one.\n"), (run.Code, run.Error));
        Assert.Equal("precious", File.ReadAllText(Path.Combine(model["other"], "thesis.txt")));
    }

    [Fact]
    public void Quantising_measures_what_it_costs()
    {
        double last = 0;
        foreach (string type in new[] { "Q8_0", "Q4_0" })
        {
            JsonNode json = JsonNode.Parse(CliRun.Of("quantize", model.Path, "--type", type, "--out", model["q.gguf"], "--tokens", "200", "--json").Output)!;
            double kl = (double)json["kl"]!;
            Assert.True(kl > 2 * last, $"{type}: {kl}");
            Assert.InRange((double)json["same_top"]!, 0.3, 1);
            Assert.True((long)json["bytes"]! < (long)json["bytes_before"]! / 3);
            last = kl;
        }
        string data = model.Write("rows.jsonl", """{"ids":[260,263,36]}""");
        CliRun run = CliRun.Of("quantize", model.Path, "--type", "Q6_K", "--out", model["q.gguf"], "--data", data);
        Assert.Contains("perplexity ", run.Output);
        Assert.Contains(", 2 tokens", run.Output);
        Assert.Equal("--out: is missing. Give a name ending in .gguf.\n", CliRun.Of("quantize", model.Path, "--type", "Q8_0").Error);
    }

    [Theory]
    [InlineData("qwen3", "gpt2", true), InlineData("smollm2", "gpt2", true), InlineData("stories260k", "llama", true), InlineData("mistral-v3", null, null)]
    [InlineData("small-bytelevel-bpe", null, null), InlineData("small-clip-bpe", null, null), InlineData("small-metaspace-bpe", null, null), InlineData("small-unigram", "t5", false)]
    [InlineData("small-wordlevel", "none", false), InlineData("small-wordpiece-cased", "bert", false), InlineData("t5-style-unigram", "t5", false)]
    public void Tokenizers_of_every_kind_survive_gguf(string name, string? kind, bool? isExact)
    {
        Tokenizer original = Tokenizer.FromDirectory(SharedData.Require($"data/golden/tokenizers/models/{name}"));
        GgufMetadata metadata = new();
        string? note = original.WriteGguf(metadata, original.VocabularySize + 3);
        Assert.Equal(kind ?? metadata.Text("tokenizer.ggml.model"), metadata.Text("tokenizer.ggml.model"));
        Assert.Equal(isExact ?? note is null, note is null);
        Assert.Equal(note is not null, metadata.ContainsKey("tokenizer.huggingface.json"));
        Tokenizer again = Tokenizer.FromGguf(metadata);
        foreach (string text in File.ReadLines(SharedData.Require("data/golden/tokenizers/corpus.txt")).Take(400).Append("<|im_start|>user  <s> [CLS]"))
            Assert.Equal(original.Encode(text), again.Encode(text));
        // A token that encoding always puts first is the beginning token in GGUF, even where the original names none.
        Assert.Equal((original.BosId ?? again.BosId, original.EosId), (again.BosId, again.EosId));
    }
}

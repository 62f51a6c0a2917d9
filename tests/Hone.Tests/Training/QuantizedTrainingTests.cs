using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors;
using Hone.Tests.Cli;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;

namespace Hone.Tests.Training;

/// <summary>LoRA over matrices that stay in the few bits of a GGUF file (Dettmers et al. 2023, arXiv:2305.14314).</summary>
public sealed class QuantizedTrainingTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public QuantizedTrainingTests()
    {
        Tokenizer tokenizer = SeedTokenizer.Create(["+", "="]);
        GgufSaver.Save(PathOf("tiny.gguf"), new LoadedModel(TinyTextModel.Create(1, tokenizer.VocabularySize), null, tokenizer), WeightType.Q4_0);
        File.WriteAllText(PathOf("rows.jsonl"), string.Concat(Enumerable.Range(0, 6).Select(i => $$"""{"prompt":"{{i}} + 1 =","completion":" {{i + 1}}"}""" + "\n")));
    }

    public void Dispose() => Directory.Delete(folder, true);

    private string PathOf(string name) => Path.Combine(folder, name);

    private static unsafe float[] Weights(LanguageModel model)
    {
        List<float> all = [];
        foreach (LinearLayer layer in model.LinearLayers.Append(model.Head).Where(l => l.Quantized is not null))
        {
            float[] row = new float[layer.Inputs];
            for (int i = 0; i < layer.Outputs; i++)
            {
                fixed (float* target = row) layer.Quantized!.DequantizeRow(i, target);
                all.AddRange(row);
            }
        }
        return [.. all];
    }

    [Fact]
    public void The_loss_falls_and_the_frozen_weights_stay()
    {
        TextModel model = TextModel.Open(PathOf("tiny.gguf"), options: new LoadOptions { KeepQuantized = true, PreciseInputs = true });
        Assert.True(model.Model.IsQuantized);
        float[] before = Weights(model.Model);
        SftOptions options = new() { LoraRank = 4, KeepQuantized = true, Train = new() { Lr = 3e-2, Batch = 6, Steps = 40, Schedule = "constant", Warmup = 0 } };
        JsonObject result = SftRecipe.Run(model, Dataset.Load(PathOf("rows.jsonl")), options, new RunContext("", 1));
        // A random head of small weights on normalised states cannot move logits by more than about 0.6.
        Assert.True((double)result["loss_last"]! < (double)result["loss_first"]! - 0.3, result.ToJsonString());
        Assert.Equal(before, Weights(model.Model));
        Assert.True(before.Length > 10_000);
    }

    [Fact]
    public void It_learns_what_an_adapter_over_the_decoded_weights_learns()
    {
        double[] losses = [.. new[] { true, false }.Select(keep =>
        {
            TextModel model = TextModel.Open(PathOf("tiny.gguf"), options: new LoadOptions { KeepQuantized = keep, PreciseInputs = true });
            SftOptions options = new() { LoraRank = 4, KeepQuantized = keep, Train = new() { Lr = 1e-2, Batch = 6, Steps = 10, Schedule = "constant", Warmup = 0 } };
            return (double)SftRecipe.Run(model, Dataset.Load(PathOf("rows.jsonl")), options, new RunContext("", 1))["loss_last"]!;
        })];
        Assert.Equal(losses[1], losses[0], 1e-3);
    }

    [Fact]
    public void Its_weights_take_less_memory()
    {
        static long Bytes(LanguageModel model) => model.Parameters.Sum(p => 4L * p.Value.Count)
            + model.LinearLayers.Append(model.Head).Sum(l => l.Quantized?.Bytes ?? 0);
        LanguageModel kept = ModelLoader.Load(PathOf("tiny.gguf"), new LoadOptions { KeepQuantized = true }).Model, decoded = ModelLoader.Load(PathOf("tiny.gguf")).Model;
        Assert.True(Bytes(kept) * 3 < Bytes(decoded), $"{Bytes(kept)} and {Bytes(decoded)} bytes");
        Assert.NotEqual(ReferenceLogProbs.HashOf(kept), ReferenceLogProbs.HashOf(decoded));
    }

    [Fact]
    public void The_command_trains_an_adapter_and_says_what_does_not_go()
    {
        string[] words = ["train", "sft", "--model", PathOf("tiny.gguf"), "--data", PathOf("rows.jsonl"), "--keep-quantized", "--steps", "2", "--json", "--quiet", "--out", PathOf("out")];
        CliRun run = CliRun.Of([.. words, "--lora-rank", "2"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.True(File.Exists(Path.Combine(PathOf("out"), "adapter", "adapter_model.safetensors")));
        CliRun whole = CliRun.Of([.. words]);
        Assert.Equal((2, true), (whole.Code, whole.Error.Contains("--lora-rank", StringComparison.Ordinal)));
        CliRun merged = CliRun.Of([.. words, "--lora-rank", "2", "--merge"]);
        Assert.Equal((2, true), (merged.Code, merged.Error.Contains("--merge", StringComparison.Ordinal)));
    }
}

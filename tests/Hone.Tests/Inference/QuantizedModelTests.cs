using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Tensors;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference;

/// <summary>Models whose matrices stay in the few bits of their file.</summary>
public sealed class QuantizedModelTests
{
    private static readonly LoadOptions Keep = new() { KeepQuantized = true };

    /// <summary>On a tape that records, products are exact: the same logits as with decoded weights, rotated rows and experts included.</summary>
    [Theory]
    [InlineData("llama_gqa", WeightType.Q8_0)]
    [InlineData("llama_tied", WeightType.Q4_0)]
    [InlineData("mixtral", WeightType.Q8_0)]
    [InlineData("phi3", WeightType.F16)]
    [InlineData("gpt2", WeightType.Q8_0)]
    public void Exact_products_equal_decoded_weights(string name, WeightType type)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        string path = Path.Combine(Directory.CreateTempSubdirectory("hone-quantized-").FullName, "model.gguf");
        GgufSaver.Save(path, golden.Model, type);
        LanguageModel decoded = ModelLoader.Load(path).Model, kept = ModelLoader.Load(path, Keep).Model;
        Assert.True(kept.IsQuantized);
        Assert.False(decoded.IsQuantized);
        Assert.Equal(decoded.ParameterCount, kept.ParameterCount);
        float[] expected = Logits(decoded, golden.Prompt("b"), recording: true);
        Assert.True(GoldenModel.MaxDifference(Logits(kept, golden.Prompt("b"), recording: true), expected) < 1e-4);
        double fast = GoldenModel.MaxDifference(Logits(kept, golden.Prompt("b"), recording: false), expected);
        Assert.True(fast < 0.5, $"inputs of 8 bits: {fast}");
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void What_needs_full_weights_says_so()
    {
        LanguageModel model = ModelLoader.Load(SharedData.Require("data/golden/inference/gguf/tiny-llama-q8_0.gguf"), Keep).Model;
        Assert.Contains("kept in Q8_0", Assert.Throws<HoneException>(() => model.LinearLayers[0].Weight).Message);
        Assert.Contains("cannot be saved", Assert.Throws<HoneException>(() => ModelSaver.Save("unused", model)).Message);
    }

    /// <summary>SmolLM2 in 4 bits with inputs of 8: the loss moves by less than llama.cpp's own does (README of the recorded values: mean KL 2e-3 to 9e-3).</summary>
    [Fact]
    public void SmolLm2_in_few_bits_loses_next_to_nothing()
    {
        LoadedModel loaded = ModelLoader.Load(SharedData.Require("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"), Keep);
        JsonObject[] rows = [.. File.ReadLines(SharedData.Require("data/golden/inference/smollm2/logprobs.jsonl")).Select(l => JsonNode.Parse(l)!.AsObject())];
        IReadOnlyList<float[]> scores = new Scorer(loaded.Model).LogProbs([.. rows.Select(r => GoldenModel.Ints(r["input_ids"]!))]);
        double drift = rows.Zip(scores).Average(pair => Math.Abs(-pair.Second.Skip(1).Average(x => (double)x) - (double)pair.First["mean_nll"]!));
        Assert.True(drift < 0.05, $"mean loss moves by {drift}");
        // Greedy texts may part only where the two best tokens were within 0.3 of each other.
        foreach (JsonObject row in File.ReadLines(SharedData.Require("data/golden/inference/smollm2/greedy.jsonl")).Select(l => JsonNode.Parse(l)!.AsObject()))
        {
            int[] expected = GoldenModel.Ints(row["greedy"]!);
            int sure = Array.FindIndex(GoldenModel.Floats(row["margin"]!), margin => margin < 0.3f);
            if (sure < 0) sure = expected.Length;
            GenerationRequest request = new() { Prompt = GoldenModel.Ints(row["input_ids"]!), Sampling = SamplingOptions.Greedy, MaxTokens = Math.Max(1, sure) };
            Assert.Equal(expected[..sure], new Engine(loaded).Generate(request)[0].Ids[..sure]);
        }
    }

    /// <summary>With all bits of each input the recorded fp32 texts come out token by token, their log-probabilities within the same 0.001.</summary>
    [Fact]
    public void SmolLm2_with_precise_inputs_is_as_fp32()
    {
        LoadedModel loaded = ModelLoader.Load(SharedData.Require("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"), Keep with { PreciseInputs = true });
        foreach (JsonObject row in File.ReadLines(SharedData.Require("data/golden/inference/smollm2/greedy.jsonl")).Select(l => JsonNode.Parse(l)!.AsObject()))
        {
            GenerationRequest request = new() { Prompt = GoldenModel.Ints(row["input_ids"]!), Sampling = SamplingOptions.Greedy, MaxTokens = 40, LogProbs = true };
            GenerationResult result = new Engine(loaded).Generate(request)[0];
            Assert.Equal(GoldenModel.Ints(row["greedy"]!), result.Ids);
            Assert.True(GoldenModel.MaxDifference(result.LogProbs, GoldenModel.Floats(row["logprobs"]!)) < 1e-3, (string)row["id"]!);
        }
    }

    /// <summary>Rounding to 8 bits at load, whatever the file: rows that lie transposed in it (GPT-2) included, routers left alone.</summary>
    [Theory]
    [InlineData("llama_gqa")]
    [InlineData("gpt2")]
    [InlineData("mixtral")]
    public void Any_file_can_be_rounded_while_loading(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        LanguageModel rounded = ModelLoader.Load(SharedData.Require($"data/golden/inference/models/{name}"), new LoadOptions { RoundToInt8 = true, PreciseInputs = true }).Model;
        Assert.True(rounded.IsQuantized);
        Assert.Equal(golden.Model.ParameterCount, rounded.ParameterCount);
        float[] expected = Logits(golden.Model, golden.Prompt("b"), recording: false);
        double difference = GoldenModel.MaxDifference(Logits(rounded, golden.Prompt("b"), recording: false), expected);
        Assert.True(difference < 0.5, $"weights of 8 bits: {difference}");
    }

    private static float[] Logits(LanguageModel model, int[] ids, bool recording)
    {
        using Tape tape = new(recording: recording);
        return model.Logits(tape, model.Hidden(tape, TokenBatch.Of(ids))).Data.ToArray();
    }
}

using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Inference.Sampling;

namespace Hone.Tests.Models.Decoder;

/// <summary>The recorded models that are part of the project: forward pass and cached greedy decoding.</summary>
public sealed class OwnGoldenTests
{
    [Theory]
    [InlineData("llama_gqa")]
    [InlineData("qwen3")]
    [InlineData("gemma2")]
    [InlineData("gpt2")]
    public void Logits_and_greedy_tokens(string name)
    {
        using GoldenModel golden = GoldenModel.Own(name);
        Engine engine = new(golden.Model);
        foreach (string prompt in new[] { "a", "b" })
        {
            int[] ids = golden.Prompt(prompt);
            Assert.True(GoldenModel.MaxDifference(golden.Logits(ids), golden.Tensor($"logits_{prompt}")) < 2e-4);
            JsonNode greedy = golden.Expected["greedy"]![prompt]!;
            GenerationRequest request = new() { Prompt = ids, Sampling = SamplingOptions.Greedy, MaxTokens = 24, StopIds = [] };
            Assert.Equal(GoldenModel.Ints(greedy["tokens"]!), engine.Generate(request)[0].Ids);
        }
    }
}

using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference;

/// <summary>Cached greedy decoding of every family against transformers' uncached results.</summary>
public sealed class EngineGoldenTests
{
    public static TheoryData<string> Names => DecoderGoldenTests.Names;

    [Theory, MemberData(nameof(Names))]
    public void Greedy_tokens_of_all_prompts_in_one_batch(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        JsonObject greedy = golden.Expected["greedy"]!.AsObject();
        GenerationRequest[] requests = [.. greedy.Select(entry => new GenerationRequest
        {
            Prompt = golden.Prompt(entry.Key),
            Sampling = SamplingOptions.Greedy,
            MaxTokens = 24,
            StopIds = [],
        })];
        IReadOnlyList<GenerationResult> results = new Engine(golden.Model).Generate(requests);
        Assert.Equal(greedy.Count, results.Count);
        foreach ((GenerationResult result, JsonNode? expected) in results.Zip(greedy.Select(entry => entry.Value)))
        {
            int[] tokens = GoldenModel.Ints(expected!["tokens"]!);
            Parity.Count(1, tokens.SequenceEqual(result.Ids) ? 1 : 0);
            Assert.Equal(tokens, result.Ids);
            Assert.Equal(FinishReason.Length, result.Finish);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Greedy_until_an_end_token(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        JsonNode stop = golden.Expected["greedy_stop"]!;
        GenerationResult result = new Engine(golden.Model).Generate(new GenerationRequest
        {
            Prompt = golden.Prompt((string)stop["prompt"]!),
            Sampling = SamplingOptions.Greedy,
            MaxTokens = 24,
            StopIds = GoldenModel.Ints(stop["eos_token_id"]!),
        })[0];
        int[] tokens = GoldenModel.Ints(stop["tokens"]!);
        Parity.Count(1, tokens.SequenceEqual(result.Ids) ? 1 : 0);
        Assert.Equal(tokens, result.Ids);
        Assert.Equal(FinishReason.EndToken, result.Finish);
    }
}

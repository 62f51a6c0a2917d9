using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Models.Loading;

namespace Hone.Tests.Server;

public sealed class CompletionsEndpointTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Echo_scores_a_prompt_as_the_scorer_does()
    {
        JsonNode reply = await server.OkAsync("/v1/completions", """{"prompt":"Ann has 3 cups.","echo":true,"logprobs":2,"max_tokens":0}""");
        JsonNode choice = reply["choices"]![0]!;
        int[] ids = server.Chat.Tokenizer.Encode("Ann has 3 cups.");
        float[] expected = new Scorer(ModelLoader.Load(Assets.Require("models/seed-weak")).Model).LogProbs([ids])[0];
        Assert.Equal("Ann has 3 cups.", (string)choice["text"]!);
        JsonArray scores = choice["logprobs"]!["token_logprobs"]!.AsArray();
        Assert.Equal(ids.Length, scores.Count);
        Assert.Null(scores[0]);
        for (int i = 1; i < ids.Length; i++) Assert.Equal(expected[i], (float)scores[i]!, 1e-3f);
        string[] tokens = [.. choice["logprobs"]!["tokens"]!.AsArray().Select(t => (string)t!)];
        Assert.Equal("Ann has 3 cups.", string.Concat(tokens).TrimStart()); // its first word may have a space of its own
        Assert.Equal([0, tokens[0].Length, tokens[0].Length + tokens[1].Length], choice["logprobs"]!["text_offset"]!.AsArray().Take(3).Select(n => (int)n!));
        Assert.Equal(0, (int)reply["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task The_chosen_token_is_among_the_likeliest()
    {
        JsonNode logProbs = (await server.OkAsync("/v1/completions", """{"prompt":"Ann zq","echo":true,"logprobs":1,"max_tokens":3,"temperature":5,"seed":3}"""))["choices"]![0]!["logprobs"]!;
        JsonArray tokens = logProbs["tokens"]!.AsArray();
        for (int i = 1; i < tokens.Count; i++)
        {
            JsonObject top = logProbs["top_logprobs"]![i]!.AsObject();
            Assert.Equal((float)logProbs["token_logprobs"]![i]!, (float)top[(string)tokens[i]!]!);
            Assert.InRange(top.Count, 1, 2);
        }
    }

    [Fact]
    public async Task Nothing_is_generated_with_max_tokens_0_streamed_or_not()
    {
        JsonNode choice = (await server.OkAsync("/v1/completions", """{"prompt":"Ann","max_tokens":0}"""))["choices"]![0]!;
        Assert.Equal(("", "length"), ((string)choice["text"]!, (string)choice["finish_reason"]!));
        List<JsonNode> events = await server.StreamAsync("/v1/completions", """{"prompt":"Ann has","max_tokens":0,"echo":true,"logprobs":0,"stream":true,"stream_options":{"include_usage":true}}""");
        Assert.Equal(2, events.Count);
        Assert.Equal("Ann has", (string)events[0]["choices"]![0]!["text"]!);
        Assert.Equal(2, events[0]["choices"]![0]!["logprobs"]!["tokens"]!.AsArray().Count);
        Assert.Equal((0, 0), (events[1]["choices"]!.AsArray().Count, (int)events[1]["usage"]!["completion_tokens"]!));
    }

    [Fact]
    public async Task Several_prompts_and_samples_are_numbered_in_order()
    {
        int[] ids = server.Chat.Tokenizer.Encode("Ann has");
        JsonNode reply = await server.OkAsync("/v1/completions", $$"""{"prompt":["Ann has",[{{string.Join(',', ids)}}]],"n":2,"max_tokens":6,"temperature":1,"seed":4}""");
        JsonArray choices = reply["choices"]!.AsArray();
        Assert.Equal([0, 1, 2, 3], choices.Select(c => (int)c!["index"]!));
        Assert.Equal((string)choices[0]!["text"]!, (string)choices[2]!["text"]!); // the same prompt and seed
        Assert.NotEqual((string)choices[0]!["text"]!, (string)choices[1]!["text"]!);
    }

    [Fact]
    public async Task A_stream_says_the_same_with_scores_and_echo()
    {
        const string options = ""","prompt":"Ann has 3","echo":true,"logprobs":1,"max_tokens":8,"temperature":1,"seed":9,"n":2""";
        JsonNode whole = await server.OkAsync("/v1/completions", $$"""{"model":"seed"{{options}}}""");
        List<JsonNode> events = await server.StreamAsync("/v1/completions", $$"""{"stream":true,"model":"seed"{{options}}}""");
        for (int i = 0; i < 2; i++)
        {
            JsonNode[] own = [.. events.SelectMany(e => e["choices"]!.AsArray()).Where(c => (int)c!["index"]! == i)!];
            Assert.Equal((string)whole["choices"]![i]!["text"]!, string.Concat(own.Select(c => (string?)c["text"])));
            Assert.Equal(whole["choices"]![i]!["logprobs"]!["tokens"]!.AsArray().Select(t => (string)t!), own.SelectMany(c => c["logprobs"]!["tokens"]!.AsArray()).Select(t => (string)t!));
        }
    }

    [Theory]
    [InlineData("""{"prompt":[]}""", "prompt")]
    [InlineData("""{"prompt":""}""", "prompt")]
    [InlineData("""{"prompt":[1,"a"]}""", "prompt")]
    [InlineData("""{"prompt":[9999999]}""", "prompt")]
    [InlineData("""{"prompt":[-1]}""", "prompt")]
    [InlineData("""{"prompt":"a","stream_options":{"include_usage":true}}""", "stream_options")]
    [InlineData("""{"prompt":"a","suffix":"b"}""", "suffix")]
    [InlineData("""{"prompt":"a","best_of":3}""", "best_of")]
    [InlineData("""{"prompt":"a","max_tokens":-1}""", "max_tokens")]
    public async Task What_is_wrong_is_named(string body, string? param)
    {
        (int status, JsonNode reply) = await server.PostAsync("/v1/completions", body);
        Assert.Equal((400, param), (status, (string?)reply["error"]!["param"]));
    }

    [Fact]
    public async Task Tokens_there_and_back()
    {
        JsonNode reply = await server.OkAsync("/tokenize", """{"prompt":"Ann has 3 cups.","return_token_strs":true}""");
        Assert.Equal(server.Chat.Tokenizer.Encode("Ann has 3 cups."), reply["tokens"]!.AsArray().Select(n => (int)n!));
        Assert.Equal("Ann has 3 cups.", string.Concat(reply["token_strs"]!.AsArray().Select(t => (string)t!)).TrimStart());
        Assert.Equal("Ann has 3 cups.", ((string)(await server.OkAsync("/detokenize", $$"""{"tokens":{{reply["tokens"]!.ToJsonString()}}}"""))["prompt"]!).TrimStart());
        JsonNode chat = await server.OkAsync("/tokenize", """{"messages":[{"role":"user","content":"Ann"}]}""");
        Assert.Equal(server.Chat.Tokenizer.Encode("<q>Ann<a>"), chat["tokens"]!.AsArray().Select(n => (int)n!));
    }

    [Fact]
    public async Task Vectors_as_numbers_and_as_bytes()
    {
        JsonNode numbers = await server.OkAsync("/v1/embeddings", """{"model":"seed","input":["Ann has","tea"]}""");
        JsonNode bytes = await server.OkAsync("/v1/embeddings", """{"input":["Ann has","tea"],"encoding_format":"base64"}""");
        for (int i = 0; i < 2; i++)
        {
            float[] vector = [.. numbers["data"]![i]!["embedding"]!.AsArray().Select(n => (float)n!)];
            Assert.Equal(1, Math.Sqrt(vector.Sum(v => v * v)), 3);
            Assert.Equal(vector, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(Convert.FromBase64String((string)bytes["data"]![i]!["embedding"]!)).ToArray());
        }
        (int status, JsonNode reply) = await server.PostAsync("/v1/embeddings", """{"input":"a","dimensions":7}""");
        Assert.Equal((400, "dimensions"), (status, (string?)reply["error"]!["param"]));
    }
}

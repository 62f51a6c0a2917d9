using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Models.Loading;

namespace Hone.Tests.Server;

public sealed class ChatEndpointTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Question = "Ann has 3 cups. She buys 4 more. How many cups does Ann have now?";
    private const string Messages = $$"""[{"role":"user","content":"{{Question}}"}]""";

    [Fact]
    public async Task Greedy_text_is_what_generating_gives()
    {
        JsonNode reply = await server.OkAsync("/v1/chat/completions", $$"""{"model":"seed","messages":{{Messages}},"temperature":0}""");
        int[] prompt = server.Chat.Tokenizer.Encode($"<q>{Question}<a>");
        GenerationResult expected = new Engine(ModelLoader.Load(Hone.Core.Assets.Require("models/seed-weak"))).Generate(new GenerationRequest { Prompt = prompt, Sampling = SamplingOptions.Greedy })[0];
        Assert.Equal(expected.Text, (string)reply["choices"]![0]!["message"]!["content"]!);
        Assert.Equal("stop", (string)reply["choices"]![0]!["finish_reason"]!);
        Assert.Equal((prompt.Length, expected.Ids.Length), ((int)reply["usage"]!["prompt_tokens"]!, (int)reply["usage"]!["completion_tokens"]!));
    }

    [Fact]
    public async Task A_stream_says_the_same_in_parts_and_its_usage_at_the_end()
    {
        string options = $$""","messages":{{Messages}},"temperature":1,"seed":7,"n":3,"max_tokens":30""";
        JsonNode whole = await server.OkAsync("/v1/chat/completions", $$"""{"model":"seed"{{options}}}""");
        List<JsonNode> events = await server.StreamAsync("/v1/chat/completions", $$"""{"stream":true,"stream_options":{"include_usage":true}{{options}}}""");
        for (int i = 0; i < 3; i++)
        {
            JsonNode[] own = [.. events.SelectMany(e => e["choices"]!.AsArray()).Where(c => (int)c!["index"]! == i)!];
            Assert.Equal("assistant", (string)own[0]["delta"]!["role"]!);
            Assert.Equal((string)whole["choices"]![i]!["message"]!["content"]!, string.Concat(own.Select(c => (string?)c["delta"]!["content"])));
            Assert.Equal((string)whole["choices"]![i]!["finish_reason"]!, (string)own[^1]["finish_reason"]!);
        }
        Assert.True(whole["choices"]!.AsArray().Select(c => (string)c!["message"]!["content"]!).Distinct().Count() > 1);
        Assert.True(JsonNode.DeepEquals(whole["usage"], events[^1]["usage"]));
        Assert.Empty(events[^1]["choices"]!.AsArray());
    }

    [Fact]
    public async Task Log_probabilities_with_alternatives()
    {
        JsonNode reply = await server.OkAsync("/v1/chat/completions", $$"""{"messages":{{Messages}},"temperature":0,"logprobs":true,"top_logprobs":3,"max_tokens":5}""");
        JsonArray content = reply["choices"]![0]!["logprobs"]!["content"]!.AsArray();
        Assert.Equal(5, content.Count);
        Assert.All(content, token =>
        {
            Assert.Equal((string)token!["token"]!, (string)token["top_logprobs"]![0]!["token"]!);
            Assert.Equal(3, token["top_logprobs"]!.AsArray().Count);
            Assert.Equal((string)token["token"]!, System.Text.Encoding.UTF8.GetString([.. token["bytes"]!.AsArray().Select(b => (byte)b!)]));
        });
    }

    [Fact]
    public async Task Stop_texts_bias_and_penalties_reach_the_sampler()
    {
        string text = await ContentAsync("""
            "temperature":0
            """);
        Assert.StartsWith("3 + 4", text);
        Assert.Equal("3 ", await ContentAsync("""
            "temperature":0,"stop":["+","x"]
            """));
        int three = server.Chat.Tokenizer.Encode("3", addSpecialTokens: false)[0];
        Assert.DoesNotContain('3', await ContentAsync($$"""
            "temperature":0,"logit_bias":{"{{three}}":-100}
            """));
        Assert.NotEqual(text, await ContentAsync("""
            "temperature":0,"frequency_penalty":2,"presence_penalty":2
            """));
        Assert.Equal(40, (int)(await server.OkAsync("/v1/chat/completions", $$"""{"messages":{{Messages}},"temperature":0,"max_completion_tokens":40,"ignore_eos":true}"""))["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task Adapters_are_models_of_their_own()
    {
        string[] names = ["seed", "loud", "quiet", "seed", "loud"];
        string[] replies = await Task.WhenAll(names.Select(name => ContentAsync($"""
            "model":"{name}","temperature":0,"max_tokens":20
            """)));
        Assert.Equal((replies[0], replies[1]), (replies[3], replies[4]));
        Assert.Equal(3, replies.Distinct().Count());
        LoadedModel alone = ModelLoader.Load(Hone.Core.Assets.Require("models/seed-weak"));
        TestServer.Adapter(1)(alone.Model);
        GenerationResult expected = new Engine(alone).Generate(new GenerationRequest { Prompt = server.Chat.Tokenizer.Encode($"<q>{Question}<a>"), Sampling = SamplingOptions.Greedy, MaxTokens = 20 })[0];
        Assert.Equal(expected.Text, replies[1]);
    }

    [Theory]
    [InlineData("""{"messages":[]}""", 400, "messages", "is empty")]
    [InlineData("""{}""", 400, "messages", "is missing")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"model":"gpt"}""", 404, "model", "no model 'gpt'")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"temperature":"hot"}""", 400, "temperature", "must be a number")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"temperature":-1}""", 400, "temperature", "from 0 to 100")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"n":1000}""", 400, "n", "from 1 to 64")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":100000}""", 400, "messages", "room for 2048")]
    [InlineData("""{"messages":[{"role":"bot","content":"a"}]}""", 400, "messages[0]", "must be system")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", 400, "messages[0]", "reads text only")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"functions":[]}""", 400, "functions", "not supported")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"top_logprobs":2}""", 400, "top_logprobs", "needs 'logprobs'")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"tool_choice":"required"}""", 400, "tool_choice", "no tools")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"logit_bias":{"99999":1}}""", 400, "logit_bias", "token ids below")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"stop":[""]}""", 400, "stop", "1 to 1000")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"array","uniqueItems":true}}}}""", 400, null, "'uniqueItems'")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"guided_regex":"(a"}""", 400, null, "(a")]
    public async Task What_is_wrong_is_named(string body, int status, string? param, string message)
    {
        (int found, JsonNode reply) = await server.PostAsync("/v1/chat/completions", body);
        Assert.Equal((status, param), (found, (string?)reply["error"]!["param"]));
        Assert.Contains(message, (string)reply["error"]!["message"]!);
        Assert.NotNull((string?)reply["error"]!["type"]);
    }

    private async Task<string> ContentAsync(string fields) =>
        (string)(await server.OkAsync("/v1/chat/completions", $$"""{"messages":{{Messages}},{{fields}}}"""))["choices"]![0]!["message"]!["content"]!;
}

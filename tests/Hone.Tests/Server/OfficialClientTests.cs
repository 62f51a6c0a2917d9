using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using Hone.Agents.Chat;
using Hone.Core.Chat;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using ChatMessage = OpenAI.Chat.ChatMessage;
using ChatResponseFormat = OpenAI.Chat.ChatResponseFormat;

namespace Hone.Tests.Server;

/// <summary>The official library for .NET against a live server, and Hone's own client side on top of it.</summary>
public sealed class OfficialClientTests(TestServer server) : IClassFixture<TestServer>
{
    private static readonly ChatMessage[] Messages = [new UserChatMessage("Ann has 3 cups. She buys 4 more. How many cups does Ann have now?")];

    private static readonly ChatTool Tool = ChatTool.CreateFunctionTool("add", "adds", BinaryData.FromString(
        """{"type":"object","properties":{"a":{"type":"integer","minimum":0,"maximum":99}},"required":["a"],"additionalProperties":false}"""), functionSchemaIsStrict: true);

    private OpenAIClient Client => new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1"), RetryPolicy = new ClientRetryPolicy(0) });

    [Fact]
    public async Task Chat_whole_and_streamed()
    {
        ChatClient chat = Client.GetChatClient("seed");
        ChatCompletionOptions options = new() { Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 2 };
        ChatCompletion whole = await chat.CompleteChatAsync(Messages, options);
        Assert.Equal(OpenAI.Chat.ChatFinishReason.Stop, whole.FinishReason);
        Assert.Equal(whole.Usage.OutputTokenCount, whole.ContentTokenLogProbabilities.Count);
        List<StreamingChatCompletionUpdate> updates = [];
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(Messages, options)) updates.Add(update);
        Assert.Equal(whole.Content[0].Text, string.Concat(updates.SelectMany(u => u.ContentUpdate).Select(p => p.Text)));
        Assert.Equal(whole.Usage.TotalTokenCount, updates.Single(u => u.Usage is not null).Usage.TotalTokenCount);
    }

    [Fact]
    public async Task Tools_and_structured_output()
    {
        ChatClient chat = Client.GetChatClient("seed");
        ChatCompletion call = await chat.CompleteChatAsync(Messages, new ChatCompletionOptions { Tools = { Tool }, ToolChoice = ChatToolChoice.CreateRequiredChoice() });
        Assert.Equal(OpenAI.Chat.ChatFinishReason.ToolCalls, call.FinishReason);
        Assert.InRange(JsonDocument.Parse(call.ToolCalls[0].FunctionArguments).RootElement.GetProperty("a").GetInt32(), 0, 99);
        ChatCompletion after = await chat.CompleteChatAsync([.. Messages, new AssistantChatMessage(call), new ToolChatMessage(call.ToolCalls[0].Id, "7")], new ChatCompletionOptions { Tools = { Tool }, MaxOutputTokenCount = 5 });
        Assert.NotNull(after.Content);
        OpenAI.Chat.ChatResponseFormat format = OpenAI.Chat.ChatResponseFormat.CreateJsonSchemaFormat("x", BinaryData.FromString("""{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}"""));
        ChatCompletion structured = await chat.CompleteChatAsync(Messages, new ChatCompletionOptions { ResponseFormat = format });
        Assert.Contains("ok", JsonDocument.Parse(structured.Content[0].Text).RootElement.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Embeddings_and_models()
    {
        OpenAIEmbeddingCollection vectors = await Client.GetEmbeddingClient("seed").GenerateEmbeddingsAsync(["Ann has", "tea"]);
        Assert.Equal(128, vectors[1].ToFloats().Length);
        Assert.Equal(["seed", "loud", "quiet"], (await Client.GetOpenAIModelClient().GetModelsAsync()).Value.Select(m => m.Id));
    }

    [Fact]
    public async Task Errors_have_their_status()
    {
        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() => Client.GetChatClient("nobody").CompleteChatAsync(Messages));
        Assert.Equal(404, error.Status);
        Assert.Contains("model_not_found", error.Message);
        Assert.Equal(400, (await Assert.ThrowsAsync<ClientResultException>(() => Client.GetChatClient("seed").CompleteChatAsync(Messages, new ChatCompletionOptions { MaxOutputTokenCount = 100_000 }))).Status);
    }

    [Fact]
    public async Task An_endpoint_string_gives_the_same_as_the_model_in_process()
    {
        ChatOptions options = new() { Temperature = 1, Seed = 5, MaxOutputTokens = 30, TopK = 5 };
        using IChatClient remote = ChatEndpoints.Open($"{server.Address}#seed"), local = Hone.Methods.LocalEndpoints.Open("hone:models/seed-weak");
        ChatResponse there = await remote.GetResponseAsync("Ann has 3 cups.", LogProbs.Ask(options.Clone(), 2));
        ChatResponse here = await local.GetResponseAsync("Ann has 3 cups.", LogProbs.Ask(options.Clone(), 2));
        Assert.Equal(here.Text, there.Text);
        Assert.Equal(here.Usage!.OutputTokenCount, there.Usage!.OutputTokenCount);
        Assert.Equal(LogProbs.Of(here)!.Select(t => t.Token), LogProbs.Of(there)!.Select(t => t.Token));
        Assert.Equal(LogProbs.Of(here)!.Select(t => t.LogProb), LogProbs.Of(there)!.Select(t => t.LogProb), (a, b) => Math.Abs(a - b) < 1e-4);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Chat;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Hone.Tests.Inference;

/// <summary>The engine as services of an application: chat with tools and forms, vectors.</summary>
public sealed class InProcessTests
{
    private static readonly AITool Add = AIFunctionFactory.CreateDeclaration(
        "add", "adds", JsonDocument.Parse("""{"type":"object","properties":{"a":{"type":"integer","minimum":0,"maximum":99}},"required":["a"]}""").RootElement);

    [Fact]
    public async Task Chat_and_vectors_are_registered()
    {
        await using ServiceProvider services = Services();
        IChatClient chat = services.GetRequiredService<IChatClient>();
        Assert.NotEmpty((await chat.GetResponseAsync("Ann has 3 cups.", new ChatOptions { MaxOutputTokens = 8 })).Text);
        GeneratedEmbeddings<Embedding<float>> vectors = await services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>().GenerateAsync(["Ann", "tea"]);
        Assert.Equal((2, 128), (vectors.Count, vectors[0].Vector.Length));
        Assert.True(vectors.Usage!.InputTokenCount >= 2);
    }

    [Fact]
    public void No_model_is_a_mistake() => Assert.Throws<HoneException>(() => new ServiceCollection().AddHone(_ => { }));

    [Fact]
    public async Task A_required_tool_is_called_and_its_result_understood()
    {
        await using ServiceProvider services = Services();
        IChatClient chat = services.GetRequiredService<IChatClient>();
        List<ChatMessage> messages = [new(ChatRole.User, "Ann has 3 cups.")];
        ChatOptions options = new() { Tools = [Add], ToolMode = ChatToolMode.RequireSpecific("add"), Temperature = 1.5f, Seed = 1, MaxOutputTokens = 60 };
        ChatResponse response = await chat.GetResponseAsync(messages, options);
        FunctionCallContent call = response.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>().Single();
        Assert.Equal((ChatFinishReason.ToolCalls, "add"), (response.FinishReason, call.Name));
        Assert.InRange(JsonSerializer.SerializeToNode(call.Arguments!["a"])!.GetValue<int>(), 0, 99);
        messages.AddRange(response.Messages);
        messages.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, "7")]));
        Assert.NotNull((await chat.GetResponseAsync(messages, new ChatOptions { Tools = [Add], ToolMode = ChatToolMode.None, MaxOutputTokens = 4 })).Text);
    }

    [Fact]
    public async Task Replies_follow_schemas_and_other_forms()
    {
        await using ServiceProvider services = Services();
        IChatClient chat = services.GetRequiredService<IChatClient>();
        ChatOptions json = new() { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse("""{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}""").RootElement), Temperature = 1.5f };
        JsonNode reply = JsonNode.Parse((await chat.GetResponseAsync("Ann", json)).Text)!;
        Assert.Contains(reply["ok"]!.GetValueKind(), new[] { JsonValueKind.True, JsonValueKind.False });
        ChatOptions typed = new() { ResponseFormat = ChatResponseFormat.ForJsonSchema<Verdict>(), Temperature = 1.5f };
        Assert.Equal(["ok"], JsonNode.Parse((await chat.GetResponseAsync("Ann", typed)).Text)!.AsObject().Select(f => f.Key.ToLowerInvariant()));
        ChatOptions choice = new() { RawRepresentationFactory = _ => ReplyForm.Choice("yes", "no") };
        Assert.Contains((await chat.GetResponseAsync("Ann", choice)).Text, new[] { "yes", "no" });
    }

    private sealed record Verdict(bool Ok);

    private static ServiceProvider Services()
    {
        string model = Assets.Require("models/seed-weak");
        return new ServiceCollection().AddHone(o => (o.Model, o.EmbeddingModel) = (model, model)).BuildServiceProvider();
    }
}

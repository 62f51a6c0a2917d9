using Hone.Agents.Chat;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Tests.Agents;

public sealed class StoredRepliesTests : IDisposable
{
    private const string Endpoint = "http://h:1/v1#m";
    private readonly string folder = Directory.CreateTempSubdirectory("hone-replies-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_same_request_is_answered_from_disk()
    {
        int calls = 0;
        FakeServer server = new(_ => FakeServer.Reply($"reply {++calls}"));
        for (int round = 0; round < 2; round++)
        {
            IChatClient client = ChatEndpoints.Open(Endpoint, new() { Handler = server, Cache = folder });
            Assert.Equal("reply 1", (await client.GetResponseAsync("hi", new ChatOptions { Seed = 1 })).Text);
            Assert.Equal("reply 2", (await client.GetResponseAsync("hi", new ChatOptions { Seed = 2 })).Text);
            Assert.Equal(round == 0 ? 2 : 0, client.GetService<Spending>()!.Calls); // what is cached costs nothing
        }
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Anything_that_can_change_the_reply_makes_another_request()
    {
        int calls = 0;
        IChatClient client = ChatEndpoints.Open(Endpoint, new() { Handler = new FakeServer(_ => FakeServer.Reply($"{++calls}")), Cache = folder });
        ChatMessage[] messages = [new(ChatRole.User, "hi")];
        AITool tool = AIFunctionFactory.CreateDeclaration("f", "does", System.Text.Json.JsonDocument.Parse("{}").RootElement);
        ChatOptions?[] all = [null, new() { Temperature = 1 }, new() { StopSequences = ["x"] }, new() { Tools = [tool] }, new() { ResponseFormat = ChatResponseFormat.Json }, new() { AdditionalProperties = new() { ["min_p"] = 1 } }];
        foreach (ChatOptions? options in all) await client.GetResponseAsync(messages, options);
        await client.GetResponseAsync([new(ChatRole.System, "hi")]);
        Assert.Equal(all.Length + 1, calls);
        Assert.Equal("1", (await client.GetResponseAsync(messages)).Text);
    }

    [Fact]
    public async Task Streams_are_kept_and_given_out_too()
    {
        FakeServer server = new(_ => FakeServer.Stream("a", "b"));
        IChatClient client = ChatEndpoints.Open(Endpoint, new() { Handler = server, Cache = folder });
        for (int i = 0; i < 2; i++) Assert.Equal("ab", (await client.GetStreamingResponseAsync("hi").ToChatResponseAsync()).Text);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_damaged_reply_is_named()
    {
        IChatClient client = ChatEndpoints.Open(Endpoint, new() { Handler = new FakeServer(_ => FakeServer.Reply("a")), Cache = folder });
        await client.GetResponseAsync("hi");
        string file = Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories).Single();
        File.WriteAllText(file, "{");
        Assert.Contains(file, (await Assert.ThrowsAsync<HoneException>(() => client.GetResponseAsync("hi"))).Message);
    }

    [Fact]
    public async Task What_was_recorded_is_replayed_in_order_without_a_server()
    {
        string file = Path.Combine(folder, "record.jsonl");
        int calls = 0;
        using (IChatClient recorder = ChatEndpoints.Open(Endpoint, new() { Handler = new FakeServer(_ => FakeServer.Reply($"{++calls}")), Record = file }))
        {
            await recorder.GetResponseAsync("hi");
            await recorder.GetResponseAsync("hi");
            await recorder.GetStreamingResponseAsync("other").ToChatResponseAsync();
        }
        IChatClient player = ChatEndpoints.Open(Endpoint, new() { Replay = file });
        Assert.Equal(["1", "2", "2"], [(await player.GetResponseAsync("hi")).Text, (await player.GetStreamingResponseAsync("hi").ToChatResponseAsync()).Text, (await player.GetResponseAsync("hi")).Text]);
        Assert.Contains("holds no reply", (await Assert.ThrowsAsync<HoneException>(() => player.GetResponseAsync("new"))).Message);
    }

    [Fact]
    public async Task A_model_in_this_process_is_an_endpoint()
    {
        using IChatClient client = Hone.Methods.LocalEndpoints.Open("hone:models/seed-weak", new() { Cache = folder });
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 4 };
        ChatResponse first = await client.GetResponseAsync("Ann has 3 cups.", options), again = await client.GetResponseAsync("Ann has 3 cups.", options);
        Assert.Equal(first.Text, again.Text);
        Assert.Equal(1, client.GetService<Spending>()!.Calls);
    }
}

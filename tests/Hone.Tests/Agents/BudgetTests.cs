using Hone.Agents.Chat;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Tests.Agents;

public class BudgetTests
{
    [Fact]
    public async Task Tokens_and_money_are_counted()
    {
        IChatClient client = Open(new() { InputPrice = 2, OutputPrice = 10 }, _ => FakeServer.Reply("a", 1000, 500), _ => FakeServer.Stream("b"));
        await client.GetResponseAsync("hi");
        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("hi")) { }
        Spending spending = client.GetService<Spending>()!;
        Assert.Equal((2, 1007, 503), (spending.Calls, spending.InputTokens, spending.OutputTokens));
        Assert.Equal((1007 * 2 + 503 * 10) / 1e6, spending.Money, 12);
    }

    [Fact]
    public async Task Calls_beyond_the_tokens_are_refused_before_they_are_made()
    {
        FakeServer server = new(_ => FakeServer.Reply("a", 60, 30));
        IChatClient client = ChatEndpoints.Open("http://h:1/v1#m", new() { Handler = server, TokenBudget = 100 });
        await client.GetResponseAsync("hi", new ChatOptions { MaxOutputTokens = 40 });
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => client.GetResponseAsync("hi", new ChatOptions { MaxOutputTokens = 40 }));
        Assert.Contains("budget of 100 tokens", error.Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Calls_at_the_same_time_cannot_overrun_the_money_together()
    {
        FakeServer server = new(_ => FakeServer.Reply("a", 5, 1000)) { Delay = TimeSpan.FromMilliseconds(20) };
        IChatClient client = ChatEndpoints.Open("http://h:1/v1#m", new() { Handler = server, OutputPrice = 1000, MoneyBudget = 3.5 });
        Task<ChatResponse>[] calls = [.. Enumerable.Range(0, 6).Select(_ => client.GetResponseAsync("hi", new ChatOptions { MaxOutputTokens = 1000 }))];
        await Assert.ThrowsAsync<HoneException>(() => Task.WhenAll(calls));
        Assert.Equal(3, calls.Count(c => c.IsCompletedSuccessfully));
        Assert.True(client.GetService<Spending>()!.Money <= 3.5);
    }

    [Fact]
    public async Task A_call_that_failed_costs_nothing()
    {
        IChatClient client = Open(new() { TokenBudget = 50, MaxRetries = 0 }, _ => FakeServer.Refuse(400), _ => FakeServer.Reply("ok"));
        await Assert.ThrowsAsync<HoneException>(() => client.GetResponseAsync("hi", new ChatOptions { MaxOutputTokens = 40 }));
        Assert.Equal("ok", (await client.GetResponseAsync("hi", new ChatOptions { MaxOutputTokens = 40 })).Text);
    }

    private static IChatClient Open(ChatEndpointOptions options, params Func<System.Text.Json.Nodes.JsonObject, HttpResponseMessage>[] answers) =>
        ChatEndpoints.Open("http://h:1/v1#m", options with { Handler = new FakeServer(answers) });
}

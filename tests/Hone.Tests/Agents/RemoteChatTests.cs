using Hone.Agents.Chat;
using Hone.Core;
using Hone.Core.Chat;
using Microsoft.Extensions.AI;

namespace Hone.Tests.Agents;

public class RemoteChatTests
{
    private const string Endpoint = "http://127.0.0.1:9/v1#m";

    [Fact]
    public async Task A_call_goes_to_the_address_with_the_model_and_its_options()
    {
        FakeServer server = new(_ => FakeServer.Reply("hello"));
        ChatOptions options = new() { Temperature = 0.5f, TopK = 7, MaxOutputTokens = 9, Seed = 3, AdditionalProperties = new() { ["min_p"] = 0.1 } };
        ChatResponse response = await Open(server).GetResponseAsync("hi", options);
        Assert.Equal("hello", response.Text);
        Assert.Equal((10, 2), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        Assert.Equal("http://127.0.0.1:9/v1/chat/completions", server.Paths[0]);
        Assert.Equal(("m", 7, 0.1, 3), ((string)server.Requests[0]["model"]!, (int)server.Requests[0]["top_k"]!, (double)server.Requests[0]["min_p"]!, (int)server.Requests[0]["seed"]!));
    }

    [Fact]
    public async Task Log_probabilities_are_asked_for_and_found()
    {
        FakeServer server = new(_ => FakeServer.Reply("a"));
        ChatResponse response = await Open(server).GetResponseAsync("hi", LogProbs.Ask(new ChatOptions(), 2));
        TokenLogProb token = Assert.Single(LogProbs.Of(response)!);
        Assert.Equal((2, true), ((int)server.Requests[0]["top_logprobs"]!, (bool)server.Requests[0]["logprobs"]!));
        Assert.Equal(("a", -0.5, "b"), (token.Token, token.LogProb, token.Top[1].Token));
    }

    [Fact]
    public async Task Streams_come_in_parts_with_usage()
    {
        FakeServer server = new(_ => FakeServer.Stream("one ", "two"));
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in Open(server).GetStreamingResponseAsync("hi")) updates.Add(update);
        ChatResponse response = updates.ToChatResponse();
        Assert.Equal(("one two", 7L, 3L), (response.Text, response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        Assert.True((bool)server.Requests[0]["stream_options"]!["include_usage"]!);
    }

    [Fact]
    public async Task Overload_is_tried_again_after_the_time_the_server_asks_for()
    {
        List<TimeSpan> waits = [];
        FakeServer server = new(_ => FakeServer.Refuse(429, retryAfter: "7"), _ => FakeServer.Refuse(503), _ => FakeServer.Reply("ok"));
        ChatResponse response = await Open(server, new() { Wait = Note }).GetResponseAsync("hi");
        Assert.Equal("ok", response.Text);
        Assert.Equal(7, waits[0].TotalSeconds);
        Assert.InRange(waits[1].TotalSeconds, 1, 1.25); // the second wait of the doubling ones
        Task Note(TimeSpan wait)
        {
            waits.Add(wait);
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData(429, "x", "3600", "asks to wait 3600 s")]
    [InlineData(429, "insufficient_quota", null, "insufficient_quota")]
    [InlineData(401, "invalid_api_key", null, "key was refused")]
    [InlineData(400, "bad", null, "no: bad")]
    public async Task Refusals_that_waiting_cannot_mend_end_at_once(int status, string code, string? retryAfter, string message)
    {
        FakeServer server = new(_ => FakeServer.Refuse(status, code, retryAfter));
        HoneException error = await Assert.ThrowsAsync<HoneException>(() => Open(server, new() { Wait = _ => Task.CompletedTask }).GetResponseAsync("hi"));
        Assert.Contains(message, error.Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Tries_are_counted()
    {
        FakeServer server = new(_ => FakeServer.Refuse(500));
        await Assert.ThrowsAsync<HoneException>(() => Open(server, new() { MaxRetries = 2, Wait = _ => Task.CompletedTask }).GetResponseAsync("hi"));
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_stays_silent_is_given_up()
    {
        FakeServer server = new(_ => FakeServer.Reply("late")) { Delay = TimeSpan.FromSeconds(30) };
        HoneException error = await Assert.ThrowsAsync<HoneException>(
            () => Open(server, new() { Timeout = 0.05, MaxRetries = 1, Wait = _ => Task.CompletedTask }).GetResponseAsync("hi"));
        Assert.Contains("no answer", error.Message);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Cancelling_is_not_an_error_of_the_server()
    {
        using CancellationTokenSource stop = new(50);
        FakeServer server = new(_ => FakeServer.Reply("late")) { Delay = TimeSpan.FromSeconds(30) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Open(server).GetResponseAsync("hi", null, stop.Token));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Only_so_many_calls_at_a_time()
    {
        FakeServer server = new(_ => FakeServer.Reply("ok")) { Delay = TimeSpan.FromMilliseconds(20) };
        IChatClient client = Open(server, new() { MaxConcurrency = 3 });
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => client.GetResponseAsync("hi")));
        Assert.Equal(3, server.MostAtOnce);
    }

    private static IChatClient Open(FakeServer server, ChatEndpointOptions? options = null) =>
        ChatEndpoints.Open(Endpoint, (options ?? new()) with { Handler = server });
}

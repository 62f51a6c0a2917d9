using System.Text.Json.Nodes;
using Hone.Server;

namespace Hone.Tests.Server;

/// <summary>Hang-ups, full queues, limits of time, and stopping.</summary>
public sealed class LifetimeTests : IAsyncDisposable
{
    private const string Long = """{"messages":[{"role":"user","content":"Ann has 3 cups."}],"max_tokens":450,"ignore_eos":true,"stream":true,"temperature":1,"n":8}""";

    private readonly List<TestServer> servers = [];

    public async ValueTask DisposeAsync()
    {
        foreach (TestServer server in servers) await server.DisposeAsync();
    }

    [Fact]
    public async Task A_client_that_hangs_up_frees_its_place_and_cache()
    {
        TestServer server = await StartAsync(new ServerOptions());
        for (int i = 0; i < 10; i++)
        {
            using CancellationTokenSource stop = new();
            using HttpResponseMessage response = await BeginAsync(server, stop.Token);
            await stop.CancelAsync();
        }
        await EventuallyAsync(server, s => (int)s["requests_inside"]! == 0 && (int)s["sequences_active"]! == 0);
        await server.Chat.Host.ClearPrefixesAsync();
        Assert.Equal(0, server.Chat.Host.Status.CacheBytes);
    }

    [Fact]
    public async Task Beyond_the_queue_requests_are_told_to_come_back()
    {
        TestServer server = await StartAsync(new ServerOptions { MaxSequences = 1, MaxQueue = 1 });
        using CancellationTokenSource stop = new();
        using HttpResponseMessage running = await BeginAsync(server, stop.Token);
        Task<(int Status, JsonNode Reply)> waiting = server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"max_tokens":1}""");
        await EventuallyAsync(server, s => (int)s["requests_waiting"]! == 1);
        using StringContent content = new(Long, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage refused = await server.Http.PostAsync("/v1/chat/completions", content);
        Assert.Equal((429, "2"), ((int)refused.StatusCode, refused.Headers.RetryAfter!.ToString()));
        await stop.CancelAsync();
        Assert.Equal(200, (await waiting).Status);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_ends_with_an_error()
    {
        TestServer server = await StartAsync(new ServerOptions { RequestTimeout = TimeSpan.FromMilliseconds(250) });
        (int status, JsonNode reply) = await server.PostAsync("/v1/chat/completions", Long.Replace("\"stream\":true,", "").Replace("\"n\":8", "\"n\":64"));
        Assert.Equal((504, "timeout"), (status, (string)reply["error"]!["code"]!));
        List<JsonNode> events = await server.StreamAsync("/v1/chat/completions", Long.Replace("\"n\":8", "\"n\":64"));
        Assert.Equal("timeout", (string)events[^1]["error"]!["code"]!);
    }

    [Fact]
    public async Task A_stopping_server_finishes_what_it_accepted()
    {
        TestServer server = await StartAsync(new ServerOptions());
        using HttpResponseMessage running = await BeginAsync(server, default);
        Task stopping = server.Server.StopAsync();
        string text = await running.Content.ReadAsStringAsync();
        Assert.Contains("\"finish_reason\":\"length\"", text);
        Assert.EndsWith("data: [DONE]\n\n", text);
        await stopping;
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Http.GetAsync("/health"));
    }

    [Fact]
    public async Task A_stopping_server_fails_what_takes_too_long_and_refuses_what_is_new()
    {
        TestServer server = await StartAsync(new ServerOptions { DrainTimeout = TimeSpan.FromMilliseconds(300), MaxSequences = 1 });
        using HttpResponseMessage running = await BeginAsync(server, default);
        Task<(int Status, JsonNode Reply)> waiting = server.PostAsync("/v1/chat/completions", Long.Replace("\"stream\":true,", "").Replace("\"n\":8", "\"n\":60"));
        await EventuallyAsync(server, s => (int)s["requests_waiting"]! == 1);
        Task stopping = server.Server.StopAsync();
        Assert.Equal(503, (int)(await server.Http.GetAsync("/health")).StatusCode);
        Assert.EndsWith("data: [DONE]\n\n", await running.Content.ReadAsStringAsync());
        Assert.Equal(503, (await waiting).Status);
        await stopping;
    }

    [Fact]
    public async Task Keys_and_values_in_few_bits_are_served_and_let_go_too()
    {
        TestServer server = await StartAsync(new ServerOptions(), "bits=8");
        JsonNode[] replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => server.OkAsync(
            "/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"Ann has {{i}} cups."}],"max_tokens":20,"temperature":0}""")));
        Assert.All(replies, r => Assert.NotEqual("", (string)r["choices"]![0]!["message"]!["content"]!));
        await EventuallyAsync(server, s => (long)s["cache_bytes"]! == 0);
    }

    private async Task<TestServer> StartAsync(ServerOptions options, string? kv = null)
    {
        TestServer server = new(options) { Kv = kv };
        await server.InitializeAsync();
        servers.Add(server);
        return server;
    }

    /// <summary>Sends a long streamed request and waits for the beginning of its reply.</summary>
    private static async Task<HttpResponseMessage> BeginAsync(TestServer server, CancellationToken cancellation)
    {
        HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Long, System.Text.Encoding.UTF8, "application/json") };
        return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    private static async Task EventuallyAsync(TestServer server, Predicate<JsonNode> isSo)
    {
        for (int i = 0; i < 500; i++)
        {
            JsonNode status = JsonNode.Parse(await server.Http.GetStringAsync("/status"))!;
            if (isSo(status)) return;
            await Task.Delay(10);
        }
        Assert.Fail("it did not come to that within 5 seconds");
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Chat;
using Hone.Models.Loading;
using Hone.Server;

namespace Hone.Tests.Server;

/// <summary>200 clients at once, many of them ill-behaved, 10,000 requests: nobody is left without an answer, nothing is left behind.</summary>
public sealed class LoadTests(ITestOutputHelper output)
{
    private const int Clients = 200, Requests = 10_000;

    private readonly ConcurrentBag<double> firstTokens = [], perToken = [];
    private readonly ConcurrentDictionary<string, int> outcomes = new();

    [Fact]
    public async Task Nothing_is_left_behind()
    {
        LoadedModel loaded = ModelLoader.Load(Assets.Require("models/seed-weak"));
        using ServedModels models = new();
        ChatHost chat = new(loaded, new EngineOptions { PrefixTokens = 8192, TakeTurns = true, MaxSequences = 32 });
        models.Add("seed", chat);
        await using HoneServer server = await HoneServer.StartAsync(models, new ServerOptions { Port = 0, MaxSequences = 32, MaxQueue = 150, SlowestReading = 0.001 });
        await RunAsync(server.Address, 500); // code is compiled, pools are filled
        long before = await MemoryAsync(chat);
        firstTokens.Clear();
        perToken.Clear();
        outcomes.Clear();
        Stopwatch clock = Stopwatch.StartNew();
        await RunAsync(server.Address, Requests);
        double seconds = clock.Elapsed.TotalSeconds;
        long after = await MemoryAsync(chat);

        output.WriteLine($"{Requests} requests by {Clients} clients in {seconds:0.0} s: {string.Join(", ", outcomes.OrderBy(o => o.Key).Select(o => $"{o.Key} {o.Value}"))}");
        output.WriteLine($"first token p50 {Percentile(firstTokens, 0.5):0} ms, p99 {Percentile(firstTokens, 0.99):0} ms; per token p50 {Percentile(perToken, 0.5):0.0} ms, p99 {Percentile(perToken, 0.99):0.0} ms");
        output.WriteLine($"managed memory {before / 1e6:0.0} MB before, {after / 1e6:0.0} MB after");
        Assert.Equal(Requests, outcomes.Values.Sum());
        Assert.DoesNotContain(outcomes.Keys, o => o.StartsWith('5') || o.StartsWith("broken", StringComparison.Ordinal));
        Assert.True(outcomes.GetValueOrDefault("200") > Requests / 4, "most well-formed requests are answered");
        Assert.Equal((0, 0), (chat.Host.Status.Active, chat.Host.Status.Waiting));
        Assert.Equal(0, chat.Host.Status.CacheBytes); // after the kept prompts were forgotten
        Assert.True(after - before < 20_000_000, $"{(after - before) / 1e6:0.0} MB more than before");
        JsonNode status = JsonNode.Parse(await new HttpClient().GetStringAsync(new Uri(server.Address, "/status"), TestContext.Current.CancellationToken))!;
        Assert.Equal((0, 0), ((int)status["requests_inside"]!, (int)status["requests_waiting"]!));
    }

    private async Task RunAsync(Uri address, int count)
    {
        int next = -1;
        using HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = Clients * 2 }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(120) };
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count) await CountAsync(await OneAsync(http, address, i));
        }));
    }

    private Task CountAsync(string outcome)
    {
        outcomes.AddOrUpdate(outcome, 1, (_, n) => n + 1);
        return outcome == "429" ? Task.Delay(250) : Task.CompletedTask; // as it was asked to
    }

    /// <summary>What becomes of request number <paramref name="i"/>; its kind depends on the number.</summary>
    private async Task<string> OneAsync(HttpClient http, Uri address, int i)
    {
        try
        {
            return (i % 20) switch
            {
                0 => await SendAsync(http, "{\"messages\":[", i),
                1 => await SendAsync(http, Body(i, new string('x', 20_000), stream: false), i),
                2 => await SendAsync(http, "\u0001\u0002", i),
                3 => await HangUpAsync(http, i),
                4 => await HangUpAsync(http, i),
                5 => await SlowReaderAsync(address, i),
                6 => await SendAsync(http, """{"messages":[{"role":"user","content":"a"}],"max_tokens":3,"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"string","minLength":99999999}}}}""", i),
                < 13 => await StreamAsync(http, Body(i, $"Ann has {i} cups.", stream: true)),
                _ => await SendAsync(http, Body(i, $"Ann has {i} cups. She buys {i % 7} more.", stream: false), i),
            };
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            return $"broken: {error.Message}";
        }
    }

    private static string Body(int i, string text, bool stream) =>
        $$"""{"model":"seed","messages":[{"role":"user","content":"{{text}}"}],"max_tokens":{{1 + i % 12}},"temperature":1,"n":{{1 + i % 2}},"stream":{{(stream ? "true" : "false")}}}""";

    private static StringContent Json(string body) => new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private static async Task<string> SendAsync(HttpClient http, string body, int i)
    {
        using HttpResponseMessage response = await http.PostAsync(i % 3 == 0 ? "/v1/chat/completions" : "/v1/chat/completions?x=1", Json(body));
        string text = await response.Content.ReadAsStringAsync();
        return JsonNode.Parse(text) is JsonObject ? ((int)response.StatusCode).ToString() : "broken: no JSON";
    }

    private async Task<string> StreamAsync(HttpClient http, string body)
    {
        Stopwatch clock = Stopwatch.StartNew();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = Json(body) };
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (response.StatusCode != HttpStatusCode.OK) return ((int)response.StatusCode).ToString();
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
        List<double> times = [];
        string last = "";
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length == 0) continue;
            last = line;
            if (line.Contains("\"content\":\"") && !line.Contains("\"role\"")) times.Add(clock.Elapsed.TotalMilliseconds);
        }
        if (times.Count > 0) firstTokens.Add(times[0]);
        if (times.Count > 1) perToken.Add((times[^1] - times[0]) / (times.Count - 1));
        return last == "data: [DONE]" ? "200" : "broken: stream ended early";
    }

    private static async Task<string> HangUpAsync(HttpClient http, int i)
    {
        using CancellationTokenSource stop = new(i % 60);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = Json(Body(i, "Ann has 3 cups.", stream: true).Replace("\"max_tokens\":", "\"max_tokens\":4")) };
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
            await response.Content.ReadAsStringAsync(stop.Token);
            return response.StatusCode == HttpStatusCode.OK ? "200" : ((int)response.StatusCode).ToString();
        }
        catch (Exception error) when (stop.IsCancellationRequested && error is OperationCanceledException or HttpRequestException or IOException)
        {
            return "hung up";
        }
    }

    /// <summary>Reads a byte now and then, and sometimes never comes to the end.</summary>
    private static async Task<string> SlowReaderAsync(Uri address, int i)
    {
        using TcpClient client = new() { ReceiveBufferSize = 1024 };
        await client.ConnectAsync(address.Host, address.Port);
        NetworkStream stream = client.GetStream();
        string body = Body(i, "Ann has 3 cups.", stream: true);
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        byte[] one = new byte[1];
        StringBuilder text = new();
        for (int n = 0; n < 40 && await stream.ReadAsync(one) > 0; n++)
        {
            text.Append((char)one[0]);
            await Task.Delay(2);
        }
        string line = text.ToString();
        return line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? line[9..12] : "broken: no status";
    }

    private static async Task<long> MemoryAsync(ChatHost chat)
    {
        for (int i = 0; i < 200 && chat.Host.Status.Active + chat.Host.Status.Waiting > 0; i++) await Task.Delay(50);
        await chat.Host.ClearPrefixesAsync();
        await Task.Delay(500);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static double Percentile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
    }
}

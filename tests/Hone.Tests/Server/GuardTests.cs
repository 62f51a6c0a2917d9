using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Server;

namespace Hone.Tests.Server;

/// <summary>Keys, hosts, and peers that mean no good: each gets a 4xx or a closed connection, and costs bounded work.</summary>
public sealed class GuardTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Keys_are_asked_for()
    {
        TestServer guarded = new(new ServerOptions { ApiKeys = ["first-key", "second-key"] });
        await guarded.InitializeAsync();
        try
        {
            Assert.Equal(401, (int)(await guarded.Http.GetAsync("/v1/models")).StatusCode);
            Assert.Equal(401, (int)(await guarded.Http.GetAsync("/metrics")).StatusCode);
            Assert.Equal(200, (int)(await guarded.Http.GetAsync("/health")).StatusCode);
            Assert.Equal(200, (int)(await guarded.Http.GetAsync("/")).StatusCode);
            foreach ((string key, int status) in new[] { ("second-key", 200), ("second-ke", 401), ("", 401) })
            {
                using HttpRequestMessage request = new(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
                Assert.Equal(status, (int)(await guarded.Http.SendAsync(request)).StatusCode);
            }
        }
        finally
        {
            await guarded.DisposeAsync();
        }
    }

    [Fact]
    public async Task Other_names_than_this_machines_are_refused()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/v1/models") { Headers = { Host = "evil.example" } };
        Assert.Equal(403, (int)(await server.Http.SendAsync(request)).StatusCode);
    }

    public static TheoryData<string, string> BadBodies => new()
    {
        { "half", """{"messages":[""" },
        { "list", "[]" },
        { "number", "1" },
        { "empty", "" },
        { "deep", new string('[', 100_000) },
        { "deep object", string.Concat(Enumerable.Repeat("{\"a\":", 5000)) },
        { "twice", """{"model":"a","model":"b"}""" },
        { "surrogate", """{"messages":[{"role":"user","content":"\ud800"}]}""" },
        { "comment", "{/* no */}" },
        { "not a number", """{"messages":[{"role":"user","content":"a"}],"temperature":NaN}""" },
        { "huge number", """{"messages":[{"role":"user","content":"a"}],"max_tokens":1e999}""" },
        { "long prompt", $$"""{"messages":[{"role":"user","content":"{{new string('a', 1_000_000)}}"}]}""" },
        { "many messages", $$"""{"messages":[{{string.Join(',', Enumerable.Repeat("""{"role":"user","content":"a"}""", 20_000))}}]}""" },
        { "schema length", Schema("""{"type":"string","minLength":100000000}""") },
        { "schema pattern", Schema("""{"type":"string","pattern":"((a{1,900}){1,900}){1,900}"}""") },
        { "schema alternatives", Schema($$"""{"allOf":[{{string.Join(',', Enumerable.Repeat("""{"anyOf":[{"minLength":1},{"minLength":2},{"pattern":"a"}]}""", 40))}}]}""") },
        { "schema not regular", Schema("""{"type":"string","pattern":"(a)\\1"}""") },
        { "regex", """{"messages":[{"role":"user","content":"a"}],"guided_regex":"(((((a{1,99}){1,99}){1,99}){1,99}){1,99})"}""" },
        { "grammar recursion", """{"messages":[{"role":"user","content":"a"}],"guided_grammar":"root ::= root \"a\""}""" },
    };

    [Theory, MemberData(nameof(BadBodies))]
    public async Task Bad_bodies_get_a_4xx_in_bounded_time(string name, string body)
    {
        Stopwatch clock = Stopwatch.StartNew();
        (int status, JsonNode reply) = await server.PostAsync("/v1/chat/completions", body);
        Assert.True(status is >= 400 and < 500, $"{name}: {status} {reply}");
        Assert.NotEmpty((string)reply["error"]!["message"]!);
        Assert.True(clock.Elapsed.TotalSeconds < 30, $"{name} took {clock.Elapsed.TotalSeconds:0.0} s");
    }

    [Theory]
    [InlineData("""{"$ref":"#"}""")]
    [InlineData("""{"type":"array","items":{"type":"array","items":{"type":"array","items":{"type":"string","minLength":900},"minItems":900},"minItems":900},"minItems":900}""")]
    public async Task Schemas_that_say_much_with_few_signs_cost_bounded_work(string schema)
    {
        Stopwatch clock = Stopwatch.StartNew();
        (int status, JsonNode reply) = await server.PostAsync("/v1/chat/completions", Schema(schema));
        Assert.True(status < 500 && clock.Elapsed.TotalSeconds < 30, $"{status} after {clock.Elapsed.TotalSeconds:0.0} s: {reply}");
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_refused()
    {
        byte[] bytes = [.. "{\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xff, 0xfe, .. "\"}]}"u8];
        using ByteArrayContent content = new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        Assert.Equal(400, (int)(await server.Http.PostAsync("/v1/chat/completions", content)).StatusCode);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    public async Task Only_json_is_read(string type)
    {
        using StringContent content = new("{}", Encoding.UTF8, new MediaTypeHeaderValue(type));
        Assert.Equal(415, (int)(await server.Http.PostAsync("/v1/chat/completions", content)).StatusCode);
    }

    [Fact]
    public async Task Bodies_are_limited()
    {
        using StringContent content = new(new string(' ', 5 << 20) + "{}", Encoding.UTF8, "application/json");
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = content, Headers = { ExpectContinue = true } };
        Assert.Equal(413, (int)(await server.Http.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404")]
    [InlineData("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404")]
    [InlineData("GET /v1/models/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404")]
    [InlineData("GET /v1/models/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "400")]
    [InlineData("NONSENSE\r\n\r\n", "400")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}", "400")]
    public async Task Raw_requests_get_a_4xx(string request, string status) => Assert.Contains($" {status} ", await RawAsync(request));

    [Fact]
    public async Task Huge_headers_and_lines_are_refused()
    {
        Assert.Contains(" 431 ", await RawAsync($"GET / HTTP/1.1\r\nHost: localhost\r\nX: {new string('a', 100_000)}\r\n\r\n"));
        Assert.Contains(" 414 ", await RawAsync($"GET /{new string('a', 100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    }

    private async Task<string> RawAsync(string request)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        NetworkStream stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        }
        catch (IOException)
        {
            // It closed already.
        }
        byte[] reply = new byte[4096];
        int length = await stream.ReadAsync(reply);
        return Encoding.ASCII.GetString(reply, 0, length);
    }

    private static string Schema(string schema) =>
        $$$$"""{"messages":[{"role":"user","content":"a"}],"max_tokens":1,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{{{{schema}}}}}}}""";
}

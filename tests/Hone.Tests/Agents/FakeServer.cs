using System.Net;
using System.Text.Json.Nodes;

namespace Hone.Tests.Agents;

/// <summary>Answers requests of a chat client without a network: each by the next of the given functions, the last one for all that follow.</summary>
internal sealed class FakeServer(params Func<JsonObject, HttpResponseMessage>[] answers) : HttpMessageHandler
{
    private int running;

    public List<JsonObject> Requests { get; } = [];

    public List<string> Paths { get; } = [];

    public int MostAtOnce { get; private set; }

    public TimeSpan Delay { get; init; }

    public static HttpResponseMessage Reply(string text, int input = 10, int output = 2) => Json($$$"""
        {"id":"c1","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"{{{text}}}"},"finish_reason":"stop",
        "logprobs":{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[{"token":"a","logprob":-0.5,"bytes":[97]},{"token":"b","logprob":-1.5,"bytes":[98]}]}]}}],
        "usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}},"total_tokens":{{{input + output}}}}}
        """);

    public static HttpResponseMessage Stream(params string[] parts)
    {
        IEnumerable<string> chunks = parts.Select(part => $$$"""data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"{{{part}}}"},"finish_reason":null}]}""");
        string end = """data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}""";
        HttpResponseMessage response = new(HttpStatusCode.OK) { Content = new StringContent(string.Join("\n\n", [.. chunks, end, "data: [DONE]", ""])) };
        response.Content.Headers.ContentType = new("text/event-stream");
        return response;
    }

    public static HttpResponseMessage Refuse(int status, string code = "x", string? retryAfter = null)
    {
        HttpResponseMessage response = Json($$$"""{"error":{"message":"no: {{{code}}}","type":"t","code":"{{{code}}}"}}""");
        response.StatusCode = (HttpStatusCode)status;
        if (retryAfter is not null) response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        JsonObject body = (JsonObject)JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!;
        Func<JsonObject, HttpResponseMessage> answer;
        lock (Requests)
        {
            MostAtOnce = Math.Max(MostAtOnce, ++running);
            answer = answers[Math.Min(Requests.Count, answers.Length - 1)];
            Requests.Add(body);
            Paths.Add(request.RequestUri!.ToString());
        }
        if (Delay > TimeSpan.Zero) await Task.Delay(Delay, cancellationToken);
        lock (Requests) running--;
        HttpResponseMessage response = answer(body);
        response.RequestMessage = request;
        return response;
    }

    private static HttpResponseMessage Json(string json) => new(HttpStatusCode.OK) { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
}

using System.Collections.Concurrent;
using System.Diagnostics;

namespace Hone.Tests.Server;

public sealed class TelemetryTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Body = """{"model":"seed","messages":[{"role":"user","content":"Ann has 3 cups. She buys 4 more. How many cups does Ann have now, and how many has she lost?"}],"max_tokens":5,"temperature":0,"ignore_eos":true}""";

    [Fact]
    public async Task Metrics_count_requests_and_tokens()
    {
        await server.OkAsync("/v1/chat/completions", Body);
        await server.PostAsync("/v1/chat/completions", "{}");
        string text = await server.Http.GetStringAsync("/metrics");
        Assert.Contains("hone_requests_total{endpoint=\"/v1/chat/completions\",status=\"200\"}", text);
        Assert.Contains("hone_requests_total{endpoint=\"/v1/chat/completions\",status=\"400\"}", text);
        Assert.Contains("# TYPE hone_first_token_seconds histogram", text);
        Assert.Matches("hone_generated_tokens_total [1-9]", text);
        Assert.Matches("hone_cache_bytes [1-9]", text); // the prompt is kept
    }

    [Fact]
    public async Task The_models_work_is_a_span_with_its_usage()
    {
        ConcurrentBag<Activity> spans = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == "Hone.Server",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        await server.OkAsync("/v1/chat/completions", Body.Replace("\"seed\"", "\"quiet\""));
        Activity span = spans.Single(s => s.DisplayName == "chat quiet");
        Assert.Equal((5L, "chat"), (span.GetTagItem("gen_ai.usage.output_tokens"), span.GetTagItem("gen_ai.operation.name")));
    }
}

using Hone.Inference;
using Prometheus;

namespace Hone.Server.Telemetry;

/// <summary>What <c>/metrics</c> shows, in Prometheus' text form.</summary>
internal sealed class ServerMetrics
{
    private readonly CollectorRegistry registry = Prometheus.Metrics.NewCustomRegistry();

    public ServerMetrics(ServerContext server)
    {
        MetricFactory factory = Prometheus.Metrics.WithCustomRegistry(registry);
        Requests = factory.CreateCounter("hone_requests_total", "Requests answered.", "endpoint", "status");
        Seconds = factory.CreateHistogram("hone_request_seconds", "Time from the request to the end of its answer.", new HistogramConfiguration { LabelNames = ["endpoint"], Buckets = Histogram.ExponentialBuckets(0.005, 2, 18) });
        FirstToken = factory.CreateHistogram("hone_first_token_seconds", "Time from the request to its first token.", new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.005, 2, 16) });
        PerToken = factory.CreateHistogram("hone_token_seconds", "Time for each token after the first.", new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.0005, 2, 14) });
        PromptTokens = factory.CreateCounter("hone_prompt_tokens_total", "Prompt tokens of accepted requests.");
        GeneratedTokens = factory.CreateCounter("hone_generated_tokens_total", "Tokens generated.");
        Gauge("hone_requests_inside", "Requests that are being worked on.", () => server.Admission.Inside);
        Gauge("hone_requests_waiting", "Requests that wait for a place.", () => server.Admission.Waiting);
        Gauge("hone_sequences_active", "Continuations being decoded, prompts included.", () => server.Engine?.Active ?? 0);
        Gauge("hone_cache_bytes", "Bytes of keys and values in use.", () => server.Engine?.CacheBytes ?? 0);
        Gauge("hone_prefix_tokens", "Tokens of finished prompts kept for later requests.", () => server.Engine?.PrefixTokens ?? 0);
        Gauge("hone_managed_memory_bytes", "Memory the runtime has committed.", () => GC.GetGCMemoryInfo().TotalCommittedBytes);
        Gauge("hone_process_memory_bytes", "Resident memory of the process.", () => Environment.WorkingSet);
        Counter reused = factory.CreateCounter("hone_prefix_reused_tokens_total", "Prompt tokens taken over from earlier prompts.");
        registry.AddBeforeCollectCallback(() => reused.IncTo(server.Engine?.ReusedTokens ?? 0));

        void Gauge(string name, string help, Func<double> read)
        {
            Gauge gauge = factory.CreateGauge(name, help);
            registry.AddBeforeCollectCallback(() => gauge.Set(read()));
        }
    }

    public Counter Requests { get; }

    public Histogram Seconds { get; }

    public Histogram FirstToken { get; }

    public Histogram PerToken { get; }

    public Counter PromptTokens { get; }

    public Counter GeneratedTokens { get; }

    public Task WriteAsync(Stream target, CancellationToken cancellation) => registry.CollectAndExportAsTextAsync(target, cancellation);
}

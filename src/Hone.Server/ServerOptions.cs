using System.Net;

namespace Hone.Server;

/// <summary>How a server listens and what it allows.</summary>
public sealed record ServerOptions
{
    /// <summary>Address to listen at. The default is reached from this machine alone.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port; 0 takes a free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Keys of which every request must bring one; empty for none.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Most requests that wait for a place; further ones are refused with 429.</summary>
    public int MaxQueue { get; init; } = 256;

    /// <summary>Most continuations decoded together.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Bytes of keys and values that accepted requests may come to need.</summary>
    public long CacheBytes { get; init; } = DefaultCacheBytes();

    /// <summary>Most tokens of prompt and reply together; null for what the model was made for.</summary>
    public int? MaxContext { get; init; }

    /// <summary>Most tokens of a chat reply when the request names none.</summary>
    public int DefaultMaxTokens { get; init; } = 1024;

    /// <summary>Most samples, prompts or texts of one request.</summary>
    public int MaxSamples { get; init; } = 64;

    /// <summary>Longest request body.</summary>
    public int MaxBodyBytes { get; init; } = 4 << 20;

    /// <summary>Longest a request may take, waiting included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a stopping server lets accepted requests finish before it fails them.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where traces are sent (OTLP); null takes OTEL_EXPORTER_OTLP_ENDPOINT, and without it sends none.</summary>
    public Uri? TraceEndpoint { get; init; }

    /// <summary>Seed of requests that bring none.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Slowest reading that a client is allowed, in bytes a second; tests set it lower.</summary>
    internal double SlowestReading { get; init; } = 240;

    /// <summary>A quarter of the memory there is.</summary>
    private static long DefaultCacheBytes() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
}

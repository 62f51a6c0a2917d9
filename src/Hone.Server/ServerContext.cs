using Hone.Inference;
using Hone.Server.Generation;
using Hone.Server.Telemetry;

namespace Hone.Server;

/// <summary>What all endpoints share.</summary>
internal sealed class ServerContext : IDisposable
{
    private long requests;

    public ServerContext(ServerOptions options, ServedModels models)
    {
        (Options, Models) = (options, models);
        // What is kept of finished prompts is not there for running requests.
        long kept = models.Chat is { } chat ? chat.Host.Engine.Options.PrefixTokens * chat.Loaded.Model.Config.KvBytesPerToken : 0;
        Admission = new Admission(options.MaxSequences, Math.Max(options.CacheBytes - kept, 1), options.MaxQueue);
        Metrics = new ServerMetrics(this);
    }

    public ServerOptions Options { get; }

    public ServedModels Models { get; }

    public Admission Admission { get; }

    public Lifetime Lifetime { get; } = new();

    public ServerMetrics Metrics { get; }

    /// <summary>What the engine is doing; null when the server only embeds.</summary>
    public EngineStatus? Engine => Models.Chat?.Host.Status;

    /// <summary>One embedding model computes at a time.</summary>
    public SemaphoreSlim Embedding { get; } = new(1);

    /// <summary>Most tokens of prompt and reply together.</summary>
    public int MaxContext(ServedModel model)
    {
        int context = model.Chat!.MaxContext;
        return Math.Min(Options.MaxContext ?? context, context);
    }

    /// <summary>A seed for a request that brings none: the n-th draws from the server's seed and n.</summary>
    public long NextSeed() => unchecked((long)new RandomStream(Options.Seed, "serve").Derive(Interlocked.Increment(ref requests)).NextUInt64());

    public void Dispose()
    {
        Lifetime.Dispose();
        Embedding.Dispose();
    }
}

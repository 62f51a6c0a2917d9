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
        long perToken = models.Chat is { } chat ? BytesPerToken(chat.Loaded.Model.Config) : 1;
        Admission = new Admission(options.MaxSequences, Math.Max(options.CacheBytes / perToken, 1), options.MaxQueue);
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

    /// <summary>Exact fp32 keys and values of one token in all layers.</summary>
    internal static long BytesPerToken(Hone.Models.Config.ModelConfig config) => 2L * sizeof(float) * config.Layers * config.KvHeads * config.HeadSize;
}

using Hone.Core;
using Hone.Inference.Caches;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors.Threads;

namespace Hone.Inference;

/// <summary>
/// Generates text: many continuations at a time, one reading of the weights for all of them, prompts gone through once for all
/// their samples. The same request gives the same result whatever else is asked for beside it. Not thread-safe: one call at
/// a time.
/// </summary>
public sealed class Engine
{
    private const long KeptCacheBytes = 64 << 20;

    private readonly KvPagePool pool;

    /// <param name="model">The model; read only.</param>
    /// <param name="tokenizer">For text and stop strings; may be absent.</param>
    /// <param name="defaults">Where the end tokens come from when a request names none; null takes the model's settings.</param>
    /// <param name="options">Threads, batch size, store.</param>
    public Engine(LanguageModel model, Tokenizer? tokenizer = null, GenerationDefaults? defaults = null, EngineOptions? options = null)
    {
        (Model, Tokenizer, Options) = (model, tokenizer, options ?? new EngineOptions());
        EndIds = defaults?.EosIds ?? model.Config.EosIds;
        CacheCost = Options.CacheCost ?? KvCost.Exact(model.Config);
        Workers = Options.Workers ?? WorkerPool.Shared;
        pool = new KvPagePool(model.Config.KvHeads, model.Config.HeadSize);
    }

    /// <summary>An engine for a model with what came with it.</summary>
    public Engine(LoadedModel loaded, EngineOptions? options = null) : this(loaded.Model, loaded.Tokenizer, loaded.Generation, options) { }

    public LanguageModel Model { get; }

    public Tokenizer? Tokenizer { get; }

    public EngineOptions Options { get; }

    /// <summary>Tokens that end a continuation when the request names none.</summary>
    public IReadOnlyCollection<int> EndIds { get; }

    /// <summary>Bytes that the keys and values of a request come to.</summary>
    public KvCost CacheCost { get; }

    internal WorkerPool Workers { get; }

    /// <summary>Generates all continuations of all requests.</summary>
    /// <param name="requests">Prompts.</param>
    /// <param name="onToken">Hears of every token as it comes, interleaved over the continuations.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>One result per request and sample, in that order.</returns>
    /// <exception cref="HoneException">A request that cannot be met.</exception>
    public IReadOnlyList<GenerationResult> Generate(
        IReadOnlyList<GenerationRequest> requests, Action<TokenEvent>? onToken = null, CancellationToken cancellation = default)
    {
        using GenerationSession session = new(this);
        for (int i = 0; i < requests.Count; i++) session.Add(requests[i], i);
        while (session.Step() is { } events)
        {
            cancellation.ThrowIfCancellationRequested();
            if (onToken is null) continue;
            foreach (TokenEvent token in events) onToken(token);
        }
        return session.TakeResults();
    }

    /// <summary>All continuations of one request.</summary>
    public IReadOnlyList<GenerationResult> Generate(GenerationRequest request, CancellationToken cancellation = default) =>
        Generate([request], null, cancellation);

    /// <summary>The tokens of one request as they come. Work stops when the caller stops reading.</summary>
    public IEnumerable<TokenEvent> Stream(GenerationRequest request)
    {
        using GenerationSession session = new(this);
        session.Add(request, 0);
        while (session.Step() is { } events)
            foreach (TokenEvent token in events) yield return token;
    }

    /// <summary>Lets go of most memory kept for later requests; done after every call.</summary>
    internal void Trim() => pool.Trim(KeptCacheBytes);

    /// <summary>Number of an adapter in the passes of this engine; 0 for null, the base.</summary>
    /// <exception cref="HoneException">No such adapter.</exception>
    internal int AdapterNumber(string? name) => Options.Adapters?.NumberOf(name)
        ?? (name is null ? 0 : throw new HoneException($"there is no adapter '{name}': the model was loaded without any."));

    /// <summary>Bytes of keys and values in use.</summary>
    internal long CacheBytes => pool.UsedBytes;

    /// <summary>An empty store for one sequence.</summary>
    internal IKvCache NewCache() => Options.CreateCache?.Invoke(Model) ?? (Model.Config.Latent is null ? new PagedKvCache(Model.Config, pool) : new LatentKvCache(Model.Config));
}

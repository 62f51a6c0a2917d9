using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hone.Core;
using Hone.Inference.Sampling;
using Hone.Models.Loading;
using Hone.Models.Templates;
using Microsoft.Extensions.AI;

namespace Hone.Inference.Chat;

/// <summary>
/// A local model that answers as <see cref="IChatClient"/>. Calls of several callers at once are decoded together. Options that
/// are not given are the model's own defaults (generation_config.json), greedy where it has none. Thread-safe.
/// </summary>
public sealed class LocalChatClient : IChatClient
{
    private readonly LoadedModel loaded;
    private readonly EngineHost host;
    private readonly ChatClientMetadata metadata;
    private long calls;

    /// <param name="loaded">A model with a tokenizer and a chat template.</param>
    /// <param name="options">Threads, batch size, store.</param>
    /// <exception cref="HoneException">It lacks one of them.</exception>
    public LocalChatClient(LoadedModel loaded, EngineOptions? options = null)
    {
        loaded.RequireTokenizer();
        loaded.RequireRenderer();
        this.loaded = loaded;
        host = new EngineHost(new Engine(loaded, options));
        metadata = new ChatClientMetadata("hone", null, loaded.Path);
    }

    /// <summary>Seed of calls that bring none: the n-th of them draws from (seed, n).</summary>
    public long Seed { get; init; }

    /// <summary>Most tokens of an answer when the options name none.</summary>
    public int DefaultMaxTokens { get; init; } = 512;

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        GenerationRequest request = Request(messages, options);
        string id = Guid.NewGuid().ToString("N");
        Channel<TokenEvent> tokens = Channel.CreateUnbounded<TokenEvent>(new UnboundedChannelOptions { SingleReader = true });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<IReadOnlyList<GenerationResult>> work = host.GenerateAsync(request, token => tokens.Writer.TryWrite(token), stop.Token);
        _ = work.ContinueWith(done => tokens.Writer.TryComplete(done.Exception?.InnerException), TaskScheduler.Default);
        try
        {
            await foreach (TokenEvent token in tokens.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                if (token.Text.Length > 0) yield return Update(id, token.Text);
            GenerationResult result = (await work.ConfigureAwait(false))[0];
            yield return Last(id, request, result);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? metadata
        : serviceType == typeof(LoadedModel) ? loaded
        : serviceType == typeof(EngineHost) ? host
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => host.Dispose();

    private GenerationRequest Request(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        Conversation conversation = ChatMessages.ToConversation(messages, options);
        string prompt = loaded.RequireRenderer().Render(conversation);
        return new GenerationRequest
        {
            Prompt = loaded.RequireTokenizer().Encode(prompt, addSpecialTokens: false),
            Sampling = Sampling(options),
            MaxTokens = options?.MaxOutputTokens ?? loaded.Generation.MaxNewTokens ?? DefaultMaxTokens,
            StopStrings = options?.StopSequences is { } stops ? [.. stops] : [],
            Seed = options?.Seed ?? unchecked((long)new RandomStream(Seed, "chat").Derive(Interlocked.Increment(ref calls)).NextUInt64()),
        };
    }

    private SamplingOptions Sampling(ChatOptions? options)
    {
        SamplingOptions defaults = SamplingDefaults.Of(loaded.Generation);
        return defaults with
        {
            Temperature = options?.Temperature ?? defaults.Temperature,
            TopK = options?.TopK ?? defaults.TopK,
            TopP = options?.TopP ?? defaults.TopP,
            PresencePenalty = options?.PresencePenalty ?? 0,
            FrequencyPenalty = options?.FrequencyPenalty ?? 0,
        };
    }

    private ChatResponseUpdate Update(string id, string text) =>
        new(ChatRole.Assistant, text) { ResponseId = id, MessageId = id, ModelId = loaded.Path };

    private ChatResponseUpdate Last(string id, GenerationRequest request, GenerationResult result) => new(ChatRole.Assistant, [new UsageContent(new UsageDetails
    {
        InputTokenCount = request.Prompt.Count,
        OutputTokenCount = result.Ids.Length,
        TotalTokenCount = request.Prompt.Count + result.Ids.Length,
    })])
    {
        ResponseId = id,
        MessageId = id,
        ModelId = loaded.Path,
        FinishReason = result.Finish == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop,
    };
}

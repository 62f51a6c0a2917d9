using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hone.Core;
using Hone.Core.Chat;
using Hone.Core.ToolCalls;
using Hone.Inference.Sampling;
using Hone.Models.Loading;
using Microsoft.Extensions.AI;

namespace Hone.Inference.Chat;

/// <summary>
/// A local model that answers as <see cref="IChatClient"/>: streams, tools, structured replies, log-probabilities. Calls of several
/// callers at once are decoded together. Options that are not given are the model's own defaults (generation_config.json), greedy
/// where it has none; <c>min_p</c> and <c>repetition_penalty</c> are taken from the additional properties. Thread-safe.
/// </summary>
public sealed class LocalChatClient : IChatClient
{
    private readonly ChatHost chat;
    private readonly ChatClientMetadata metadata;
    private long calls;

    /// <param name="loaded">A model with a tokenizer and a chat template.</param>
    /// <param name="options">Threads, batch size, store.</param>
    /// <exception cref="HoneException">It lacks one of them.</exception>
    public LocalChatClient(LoadedModel loaded, EngineOptions? options = null)
    {
        loaded.RequireTokenizer();
        loaded.RequireRenderer();
        chat = new ChatHost(loaded, options);
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
        ChatPlan plan = chat.Plan(ChatMessages.ToAsk(messages, options, this));
        GenerationRequest request = Request(plan, options);
        ReplyReader reader = plan.NewReader();
        string id = Guid.NewGuid().ToString("N");
        Channel<TokenEvent> tokens = Channel.CreateUnbounded<TokenEvent>(new UnboundedChannelOptions { SingleReader = true });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<IReadOnlyList<GenerationResult>> work = chat.Host.GenerateAsync(request, token => tokens.Writer.TryWrite(token), stop.Token);
        _ = work.ContinueWith(done => tokens.Writer.TryComplete(done.Exception?.InnerException), TaskScheduler.Default);
        try
        {
            await foreach (TokenEvent token in tokens.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                if (reader.Push(token.Text) is { Length: > 0 } text) yield return Update(id, new TextContent(text));
            GenerationResult result = (await work.ConfigureAwait(false))[0];
            yield return Last(id, request, result, reader.Finish(result.Finish != FinishReason.Length));
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
        : serviceType == typeof(LoadedModel) ? chat.Loaded
        : serviceType == typeof(EngineHost) ? chat.Host
        : serviceType == typeof(ChatHost) ? chat
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => chat.Dispose();

    private GenerationRequest Request(ChatPlan plan, ChatOptions? options)
    {
        int? top = LogProbs.Asked(options);
        return new GenerationRequest
        {
            Prompt = plan.Prompt,
            Constraint = plan.Constraint,
            ShownTokens = plan.ShownTokens,
            Sampling = Sampling(options),
            MaxTokens = options?.MaxOutputTokens ?? chat.Loaded.Generation.MaxNewTokens ?? DefaultMaxTokens,
            StopStrings = options?.StopSequences is { } stops ? [.. stops] : [],
            LogProbs = top is not null,
            TopLogProbs = top ?? 0,
            Seed = options?.Seed ?? unchecked((long)new RandomStream(Seed, "chat").Derive(Interlocked.Increment(ref calls)).NextUInt64()),
        };
    }

    private SamplingOptions Sampling(ChatOptions? options)
    {
        SamplingOptions defaults = SamplingDefaults.Of(chat.Loaded.Generation);
        return defaults with
        {
            Temperature = options?.Temperature ?? defaults.Temperature,
            TopK = options?.TopK ?? defaults.TopK,
            TopP = options?.TopP ?? defaults.TopP,
            MinP = Extra(options, "min_p") ?? defaults.MinP,
            RepetitionPenalty = Extra(options, "repetition_penalty") ?? defaults.RepetitionPenalty,
            PresencePenalty = options?.PresencePenalty ?? 0,
            FrequencyPenalty = options?.FrequencyPenalty ?? 0,
        };
    }

    private static double? Extra(ChatOptions? options, string name) =>
        options?.AdditionalProperties?.TryGetValue(name, out object? value) == true && value is IConvertible ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : null;

    private ChatResponseUpdate Update(string id, params IList<AIContent> contents) =>
        new(ChatRole.Assistant, contents) { ResponseId = id, MessageId = id, ModelId = chat.Loaded.Path };

    private ChatResponseUpdate Last(string id, GenerationRequest request, GenerationResult result, (ToolCallReading Reading, string Remaining) reply)
    {
        List<AIContent> contents = [];
        if (reply.Reading.Reasoning is { Length: > 0 } thought) contents.Add(new TextReasoningContent(thought));
        if (reply.Remaining.Length > 0) contents.Add(new TextContent(reply.Remaining));
        contents.AddRange(reply.Reading.Calls.Select((call, i) => new FunctionCallContent(
            call.Id ?? $"call_{id[..16]}_{i}", call.Name, call.Arguments.ToDictionary(a => a.Key, a => (object?)a.Value?.DeepClone()))));
        contents.Add(new UsageContent(new UsageDetails
        {
            InputTokenCount = request.Prompt.Count,
            OutputTokenCount = result.Ids.Length,
            TotalTokenCount = request.Prompt.Count + result.Ids.Length,
        }));
        ChatResponseUpdate update = Update(id, contents);
        update.FinishReason = reply.Reading.Calls.Count > 0 ? ChatFinishReason.ToolCalls
            : result.Finish == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;
        if (result.Scores is { } scores)
            update.AdditionalProperties = new() { [LogProbs.Key] = LogProbs.ToJson([.. scores.Select((s, i) => Score(result.Ids[i], s))]) };
        return update;
    }

    private TokenLogProb Score(int token, TokenScore score) =>
        new(Spell(token), score.LogProb, [.. score.Top.Select(t => (Spell(t.Token), (double)t.LogProb))]);

    private string Spell(int token) => System.Text.Encoding.UTF8.GetString(chat.Tokenizer.BytesOf(token));
}

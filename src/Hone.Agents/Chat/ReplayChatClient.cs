using System.Text.Json.Nodes;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Agents.Chat;

/// <summary>
/// Answers from a recording alone. A request that was made several times gets its replies in their order, then the last one
/// again. Thread-safe.
/// </summary>
internal sealed class ReplayChatClient : IChatClient
{
    private readonly string endpoint, path;
    private readonly Dictionary<string, Queue<ChatResponse>> replies = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    public ReplayChatClient(string endpoint, string path)
    {
        (this.endpoint, this.path) = (endpoint, path);
        foreach (Row row in Jsonl.Read(path))
        {
            if (row.Fields["request"] is not JsonObject request) throw row.Error("has no object 'request'; expected a file written by recording.");
            string key = RequestRecord.Key(request);
            if (!replies.TryGetValue(key, out Queue<ChatResponse>? list)) replies[key] = list = [];
            list.Enqueue(RequestRecord.ToResponse(row.Fields["response"], $"{path}:{row.Line}"));
        }
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Next(messages, options));
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatResponse response = await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        foreach (ChatResponseUpdate update in response.ToChatResponseUpdates()) yield return update;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() { }

    private ChatResponse Next(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        JsonObject request = RequestRecord.Describe(endpoint, messages, options);
        lock (gate)
        {
            if (!replies.TryGetValue(RequestRecord.Key(request), out Queue<ChatResponse>? list))
                throw new HoneException($"{path}: holds no reply to this request to {endpoint}: {Shorten(request["messages"]!.ToJsonString(Jsonl.Compact))}. Record it again.");
            return list.Count > 1 ? list.Dequeue() : list.Peek();
        }
    }

    private static string Shorten(string text) => text.Length <= 200 ? text : text[..200] + "...";
}

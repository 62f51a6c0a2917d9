using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Hone.Agents.Chat;

/// <summary>Answers requests that were answered before from disk.</summary>
internal sealed class CachingChatClient(IChatClient inner, string endpoint, ReplyCache cache) : DelegatingChatClient(inner)
{
    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        JsonObject request = RequestRecord.Describe(endpoint, asked, options);
        if (cache.Find(request) is { } known) return known;
        ChatResponse response = await base.GetResponseAsync(asked, options, cancellationToken).ConfigureAwait(false);
        cache.Store(request, response);
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        JsonObject request = RequestRecord.Describe(endpoint, asked, options);
        if (cache.Find(request) is { } known)
        {
            foreach (ChatResponseUpdate update in known.ToChatResponseUpdates()) yield return update;
            yield break;
        }
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(asked, options, cancellationToken).ConfigureAwait(false))
        {
            updates.Add(update);
            yield return update;
        }
        cache.Store(request, updates.ToChatResponse());
    }
}

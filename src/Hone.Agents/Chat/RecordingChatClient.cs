using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Agents.Chat;

/// <summary>Adds every request and its reply to a file that <see cref="ReplayChatClient"/> answers from.</summary>
internal sealed class RecordingChatClient(IChatClient inner, string endpoint, string path) : DelegatingChatClient(inner)
{
    private readonly JsonlLog log = new(path);
    private readonly Lock gate = new();

    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        ChatResponse response = await base.GetResponseAsync(asked, options, cancellationToken).ConfigureAwait(false);
        Add(asked, options, response);
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(asked, options, cancellationToken).ConfigureAwait(false))
        {
            updates.Add(update);
            yield return update;
        }
        Add(asked, options, updates.ToChatResponse());
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) log.Dispose();
    }

    private void Add(IReadOnlyList<ChatMessage> messages, ChatOptions? options, ChatResponse response)
    {
        JsonObject request = RequestRecord.Describe(endpoint, messages, options);
        JsonObject entry = new() { ["id"] = RequestRecord.Key(request), ["request"] = request, ["response"] = RequestRecord.ToJson(response) };
        lock (gate) log.Append(entry);
    }
}

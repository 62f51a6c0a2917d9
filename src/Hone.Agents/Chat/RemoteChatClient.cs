using System.ClientModel;
using System.Runtime.CompilerServices;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Agents.Chat;

/// <summary>
/// Sends what OpenAI's own options lack (top_k, min_p and the like, which servers of open models take), asks for
/// log-probabilities, and turns a server's refusals into one line each.
/// </summary>
internal sealed class RemoteChatClient(IChatClient inner, string server, HttpClient http) : DelegatingChatClient(inner)
{
    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        try
        {
            ChatResponse response = await base.GetResponseAsync(messages, RemoteOptions.Prepare(options), cancellationToken).ConfigureAwait(false);
            RemoteOptions.AttachLogProbs(response);
            return response;
        }
        catch (Exception error) when (Explain(error, cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IAsyncEnumerator<ChatResponseUpdate> updates = base.GetStreamingResponseAsync(messages, RemoteOptions.Prepare(options), cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (updates.ConfigureAwait(false))
        {
            while (await NextAsync(updates, cancellationToken).ConfigureAwait(false)) yield return updates.Current;
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) http.Dispose();
    }

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<ChatResponseUpdate> updates, CancellationToken cancellation)
    {
        try
        {
            return await updates.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (Explain(error, cancellation) is { } explained)
        {
            throw explained;
        }
    }

    private HoneException? Explain(Exception error, CancellationToken cancellation) => error switch
    {
        _ when cancellation.IsCancellationRequested => null,
        ClientResultException refused => new HoneException($"{server}: {Refusal(refused)}", refused),
        AggregateException { InnerExceptions: [.., { } last] } tries => new HoneException($"{server}: no answer after {tries.InnerExceptions.Count} tries: {last.Message}", error),
        HttpRequestException or IOException or OperationCanceledException => new HoneException($"{server}: no answer: {error.Message}", error),
        _ => null,
    };

    private static string Refusal(ClientResultException refused)
    {
        string reason = refused.Message.ReplaceLineEndings(" ").Trim();
        TimeSpan? wait = RetryPolicy.RetryAfter(refused.GetRawResponse());
        return refused.Status switch
        {
            401 or 403 => $"the key was refused ({reason}). Give one by file or in HONE_API_KEY.",
            429 when wait is { } time => $"the server asks to wait {time.TotalSeconds:0} s ({reason}).",
            _ => reason,
        };
    }
}

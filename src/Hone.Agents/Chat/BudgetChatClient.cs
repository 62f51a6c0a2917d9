using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Hone.Agents.Chat;

/// <summary>Counts what calls use and refuses those that the budget does not allow.</summary>
internal sealed class BudgetChatClient(IChatClient inner, Spending spending) : DelegatingChatClient(inner)
{
    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        long reservation = spending.Reserve(asked, options);
        ChatResponse? response = null;
        try
        {
            response = await base.GetResponseAsync(asked, options, cancellationToken).ConfigureAwait(false);
            return response;
        }
        finally
        {
            if (response is null) spending.Release(reservation);
            else spending.Add(reservation, response.Usage, asked, response.Messages);
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        long reservation = spending.Reserve(asked, options);
        List<ChatResponseUpdate> updates = [];
        try
        {
            await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(asked, options, cancellationToken).ConfigureAwait(false))
            {
                updates.Add(update);
                yield return update;
            }
        }
        finally
        {
            // A stream that was given up has been paid for up to there.
            if (updates.Count == 0) spending.Release(reservation);
            else if (updates.ToChatResponse() is var response) spending.Add(reservation, response.Usage, asked, response.Messages);
        }
    }

    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType == typeof(Spending) ? spending : base.GetService(serviceType, serviceKey);
}

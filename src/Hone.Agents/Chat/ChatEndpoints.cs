using System.Collections.Concurrent;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Agents.Chat;

/// <summary>
/// Opens chat models by endpoint string, wherever they run. What lies between caller and model, outermost first: recording,
/// replies from the cache, budget, number of calls at a time, retries.
/// </summary>
public static class ChatEndpoints
{
    private static readonly ConcurrentDictionary<string, Func<string, IChatClient>> Openers = new(StringComparer.Ordinal);

    /// <summary>Says how endpoints of a scheme are opened, such as <c>hone</c>; the last one wins.</summary>
    /// <param name="scheme">Lower-case word before the colon.</param>
    /// <param name="open">From what follows the colon to a client.</param>
    public static void Register(string scheme, Func<string, IChatClient> open) => Openers[scheme] = open;

    /// <summary>Opens an endpoint. The client is thread-safe; dispose it when done.</summary>
    /// <param name="endpoint"><c>hone:PATH</c>, <c>http://host:port/v1#model</c> or <c>https://host/v1#model</c>.</param>
    /// <param name="options">Limits, retries, cache, recording; null for the defaults.</param>
    /// <returns>
    /// A client whose <c>GetService&lt;Spending&gt;()</c> tells what was used, and whose errors that the user can mend are
    /// <see cref="HoneException"/>.
    /// </returns>
    /// <exception cref="HoneException">The string is malformed, nothing opens its scheme, or there is no such model.</exception>
    public static IChatClient Open(string endpoint, ChatEndpointOptions? options = null)
    {
        options ??= new ChatEndpointOptions();
        ChatEndpointAddress address = ChatEndpointAddress.Parse(endpoint);
        if (options.Replay is { } replay) return new ReplayChatClient(address.ToString(), replay);
        IChatClient client = new LimitedChatClient(OpenBare(address, options), options.MaxConcurrency);
        client = new BudgetChatClient(client, new Spending(options));
        if (options.Cache is { } cache) client = new CachingChatClient(client, address.ToString(), new ReplyCache(cache));
        if (options.Record is { } record) client = new RecordingChatClient(client, address.ToString(), record);
        return client;
    }

    private static IChatClient OpenBare(ChatEndpointAddress address, ChatEndpointOptions options) =>
        address.IsRemote ? RemoteChat.Open(address, options)
        : Openers.TryGetValue(address.Scheme, out Func<string, IChatClient>? open) ? open(address.Target)
        : throw HoneException.Unknown("kind of endpoint", address.Scheme, [.. Openers.Keys, "http", "https"]);
}

using Hone.Core.Recipes;

namespace Hone.Agents.Chat;

/// <summary>What happens between a caller and a chat model: limits, retries, and replies kept on disk.</summary>
public sealed record ChatEndpointOptions
{
    /// <summary>Most calls at one time; further ones wait. A streamed call counts until its stream ends.</summary>
    [Limits(AtLeast = 1)]
    public int MaxConcurrency { get; init; } = 8;

    /// <summary>Time for one try at a server, from sending to the end of the reply; in a stream, the longest silence.</summary>
    [Unit("seconds"), Limits(Above = 0)]
    public double Timeout { get; init; } = 300;

    /// <summary>Tries after the first, for overload (429), server errors, lost connections and timeouts.</summary>
    [Limits(AtLeast = 0, AtMost = 100)]
    public int MaxRetries { get; init; } = 5;

    /// <summary>The longest wait before another try. A server that asks for more (Retry-After) ends the call.</summary>
    [Unit("seconds"), Limits(AtLeast = 0)]
    public double MaxRetryWait { get; init; } = 120;

    /// <summary>Most tokens, read and generated, over all calls of the client; null for no limit.</summary>
    [Unit("tokens"), Limits(AtLeast = 1)]
    public long? TokenBudget { get; init; }

    /// <summary>Most money over all calls of the client, in the currency of the prices; null for no limit.</summary>
    [Limits(Above = 0)]
    public double? MoneyBudget { get; init; }

    /// <summary>Price of a million tokens read.</summary>
    [Limits(AtLeast = 0)]
    public double InputPrice { get; init; }

    /// <summary>Price of a million tokens generated.</summary>
    [Limits(AtLeast = 0)]
    public double OutputPrice { get; init; }

    /// <summary>
    /// Folder of replies: the same request to the same endpoint is answered from it. Requests that should give different samples
    /// need different seeds. Null for none.
    /// </summary>
    public string? Cache { get; init; }

    /// <summary>JSON Lines file that every request and reply is added to; null for none.</summary>
    public string? Record { get; init; }

    /// <summary>File written by <see cref="Record"/> that answers everything: nothing is called, a request it lacks is an error.</summary>
    public string? Replay { get; init; }

    /// <summary>File whose first line is the server's key; null takes HONE_API_KEY, and OPENAI_API_KEY for api.openai.com alone.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Carries requests instead of the network, for tests.</summary>
    internal HttpMessageHandler? Handler { get; init; }

    /// <summary>Waits between tries, for tests; null waits in real time.</summary>
    internal Func<TimeSpan, Task>? Wait { get; init; }
}

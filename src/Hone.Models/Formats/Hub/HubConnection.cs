using System.Net;
using System.Net.Http.Headers;
using Hone.Core;

namespace Hone.Models.Formats.Hub;

/// <summary>A failure that may pass: tried again after a wait.</summary>
internal sealed class HubRetryException(string message, TimeSpan? wait = null, Exception? inner = null, bool startOver = false)
    : Exception(message, inner)
{
    /// <summary>Whether what has arrived so far is of no use.</summary>
    public bool StartOver { get; } = startOver;

    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? Wait { get; } = wait;
}

/// <summary>An answer, with what the hub itself said of the file before it redirected to where the bytes are.</summary>
/// <param name="Response">The answer with the bytes.</param>
/// <param name="Etag">The content's hash by the hub's headers, or null.</param>
/// <param name="Size">The content's size by the hub's headers, or null.</param>
internal sealed record HubAnswer(HttpResponseMessage Response, string? Etag, long? Size) : IDisposable
{
    public void Dispose() => Response.Dispose();
}

/// <summary>
/// Requests to the hub: the token goes to the hub's own address only, redirects are followed by hand, silence is an error,
/// and answers other than success become sentences.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly HubOptions options;
    private readonly HttpClient http;

    public HubConnection(HubOptions options)
    {
        this.options = options;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            ConnectTimeout = options.SilenceTimeout,
            UseCookies = false,
            UseProxy = !options.Endpoint.IsLoopback,
        };
        http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("hone", "0.1"));
    }

    /// <summary>Sends a GET, following redirects, and returns once the answer's headers are there.</summary>
    /// <param name="address">On the hub.</param>
    /// <param name="from">First byte wanted; 0 for all.</param>
    /// <exception cref="HubRetryException">Worth another attempt.</exception>
    /// <exception cref="HoneException">Not worth one.</exception>
    public async Task<HubAnswer> GetAsync(Uri address, long from, HubModelId id, CancellationToken cancellation)
    {
        (string? etag, long? size) = (null, null);
        for (int hop = 0; hop <= MaxRedirects; hop++)
        {
            HttpResponseMessage response = await SendAsync(address, from, cancellation).ConfigureAwait(false);
            if (IsHub(address)) (etag, size) = (Header(response, "X-Linked-Etag") ?? Header(response, "ETag") ?? etag, LinkedSize(response) ?? size);
            if (response.IsSuccessStatusCode) return new(response, etag, size);
            using (response)
            {
                bool redirect = (int)response.StatusCode is 301 or 302 or 303 or 307 or 308;
                if (!redirect || response.Headers.Location is not { } location) throw Refused(response, address, id);
                address = Follow(address, location);
            }
        }
        throw new HoneException($"{options.Endpoint}: more than {MaxRedirects} redirects in a row.");
    }

    /// <summary>Reads the next piece of an answer; 0 bytes at its end.</summary>
    /// <exception cref="HubRetryException">Silence, or a broken connection.</exception>
    public Task<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellation) => Patiently(
        async token => await stream.ReadAsync(buffer, token).ConfigureAwait(false), cancellation);

    public void Dispose() => http.Dispose();

    private Task<HttpResponseMessage> SendAsync(Uri address, long from, CancellationToken cancellation) => Patiently(async token =>
    {
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        if (options.Token is not null && IsHub(address)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.Token);
        if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token).ConfigureAwait(false);
    }, cancellation);

    private async Task<T> Patiently<T>(Func<CancellationToken, Task<T>> step, CancellationToken cancellation)
    {
        using CancellationTokenSource timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(options.SilenceTimeout);
        try
        {
            return await step(timer.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HubRetryException($"no answer for {options.SilenceTimeout.TotalSeconds:0.#} s");
        }
        catch (Exception error) when (error is HttpRequestException or IOException && !cancellation.IsCancellationRequested)
        {
            throw new HubRetryException($"the connection failed: {error.Message}", inner: error);
        }
    }

    private Uri Follow(Uri from, Uri location)
    {
        Uri target = location.IsAbsoluteUri ? location : new Uri(from, location);
        if (target.Scheme is not ("http" or "https"))
            throw new HoneException($"{from.Host} redirects to '{target}', which is not a web address.");
        if (from.Scheme == "https" && target.Scheme == "http")
            throw new HoneException($"{from.Host} redirects from https to http, which is not safe.");
        return target;
    }

    private bool IsHub(Uri address) =>
        address.Scheme == options.Endpoint.Scheme && address.Host == options.Endpoint.Host && address.Port == options.Endpoint.Port;

    private Exception Refused(HttpResponseMessage response, Uri address, HubModelId id)
    {
        int status = (int)response.StatusCode;
        string place = $"{address.GetLeftPart(UriPartial.Path)}: answer {status}";
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized when options.Token is null => new HoneException(
                $"{place}: {id.Repository} does not exist, or needs an account. Check the name, or set HF_TOKEN to a token that may read it."),
            HttpStatusCode.Unauthorized => new HoneException($"{place}: the token in HF_TOKEN is not valid, or {id.Repository} does not exist."),
            HttpStatusCode.Forbidden => new HoneException(
                $"{place}: no access to {id.Repository}. If it is gated, accept its conditions at {new Uri(options.Endpoint, id.Repository)} and set HF_TOKEN."),
            HttpStatusCode.NotFound => new HoneException($"{place}: {id.Repository} has no revision '{id.Revision}' or does not exist. Check the spelling."),
            HttpStatusCode.RequestedRangeNotSatisfiable => new HubRetryException("the server has no more bytes than are here already", startOver: true),
            HttpStatusCode.TooManyRequests => new HubRetryException("answer 429: too many requests", WaitOf(response)),
            HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => new HubRetryException($"answer {status}", WaitOf(response)),
            _ => new HoneException($"{place}, expected the file."),
        };
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First().Replace("W/", "").Trim('"') : null;

    private static long? LinkedSize(HttpResponseMessage response) =>
        long.TryParse(Header(response, "X-Linked-Size"), out long size) && size >= 0 ? size : null;

    private static TimeSpan? WaitOf(HttpResponseMessage response)
    {
        RetryConditionHeaderValue? asked = response.Headers.RetryAfter;
        TimeSpan? wait = asked?.Delta ?? (asked?.Date is { } date ? date - DateTimeOffset.UtcNow : null);
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}

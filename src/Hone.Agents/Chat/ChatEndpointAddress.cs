using Hone.Core;

namespace Hone.Agents.Chat;

/// <summary>
/// Where a chat model is, in one string: <c>hone:PATH</c> for a model run in this process, <c>http://host:port/v1#model</c> or
/// <c>https://host/v1#model</c> for a server that speaks OpenAI's protocol.
/// </summary>
/// <param name="Scheme"><c>hone</c>, <c>http</c>, <c>https</c>, or one that was registered.</param>
/// <param name="Target">For a server its base address; otherwise what follows the scheme.</param>
/// <param name="Model">The model's name at a server; null otherwise.</param>
public sealed record ChatEndpointAddress(string Scheme, string Target, string? Model = null)
{
    private const string Expected = "Expected hone:PATH, http://host:port/v1#model or https://host/v1#model.";

    /// <summary>Whether it is a server.</summary>
    public bool IsRemote => Scheme is "http" or "https";

    /// <summary>Reads an endpoint string. A server's address without a path gets <c>/v1</c>.</summary>
    /// <exception cref="HoneException">It is malformed, or names a server without a model.</exception>
    public static ChatEndpointAddress Parse(string endpoint)
    {
        int colon = endpoint.IndexOf(':');
        if (colon <= 0) throw new HoneException($"'{endpoint}' is not an endpoint. {Expected}");
        string scheme = endpoint[..colon].ToLowerInvariant();
        return scheme is "http" or "https" ? ParseServer(endpoint, scheme)
            : endpoint.Length > colon + 1 ? new ChatEndpointAddress(scheme, endpoint[(colon + 1)..])
            : throw new HoneException($"'{endpoint}' names nothing behind '{scheme}:'. {Expected}");
    }

    /// <summary>The string it was read from, in its canonical form.</summary>
    public override string ToString() => IsRemote ? $"{Target}#{Model}" : $"{Scheme}:{Target}";

    private static ChatEndpointAddress ParseServer(string endpoint, string scheme)
    {
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0) throw new HoneException($"'{endpoint}' is not a valid address. {Expected}");
        if (uri.UserInfo.Length > 0) throw new HoneException($"the address of {uri.Host} holds a user or key; give the key by file or environment instead.");
        string model = Uri.UnescapeDataString(uri.Fragment.TrimStart('#'));
        if (model.Length == 0) throw new HoneException($"'{endpoint}' names no model. Add it behind a '#', as in {scheme}://{uri.Authority}/v1#model-name.");
        string path = uri.AbsolutePath.TrimEnd('/');
        return new ChatEndpointAddress(scheme, $"{scheme}://{uri.Authority}{(path.Length == 0 ? "/v1" : path)}{uri.Query}", model);
    }
}

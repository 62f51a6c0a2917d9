using Hone.Core;

namespace Hone.Models.Formats.Hub;

/// <summary>Where the hub is and how patient to be with it.</summary>
public sealed record HubOptions
{
    /// <summary>Address of the hub, without a path at the end.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>Sent to the hub itself, never to a host it redirects to; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>How long the server may be silent, at the start or between two pieces.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts in a row that may fail before giving up; at least 1.</summary>
    public int MaxAttempts { get; init; } = 6;

    /// <summary>Wait before the second attempt; doubled with each one.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait. A server that asks for more (Retry-After) is given up.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// What the environment says: HF_ENDPOINT, and HF_TOKEN or the token that <c>hf auth login</c> stored (HF_TOKEN_PATH, or
    /// <c>token</c> in HF_HOME).
    /// </summary>
    /// <param name="variable">Looks up an environment variable; the process's own when null.</param>
    /// <exception cref="HoneException">HF_ENDPOINT is not an http or https address.</exception>
    public static HubOptions FromEnvironment(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        HubOptions options = new() { Token = ReadToken(variable) };
        if (variable("HF_ENDPOINT") is not { Length: > 0 } address) return options;
        if (!Uri.TryCreate(address.TrimEnd('/'), UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
            throw new HoneException($"HF_ENDPOINT is '{address}', expected an address such as https://huggingface.co.");
        return options with { Endpoint = endpoint };
    }

    private static string? ReadToken(Func<string, string?> variable)
    {
        if (variable("HF_TOKEN") is { } given && given.Trim().Length > 0) return given.Trim();
        string path = variable("HF_TOKEN_PATH") is { Length: > 0 } named ? named : Path.Combine(HubCache.Home(variable), "token");
        if (!File.Exists(path) || new FileInfo(path).Length > 10_000) return null;
        string token = File.ReadAllText(path).Trim();
        return token.Length > 0 ? token : null;
    }
}

using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Http;

/// <summary>
/// The keys that are accepted. A key is compared by its hash with every known one, each in constant time, so that how long it takes
/// tells nothing of how near a guess was.
/// </summary>
internal sealed class ApiKeys(IReadOnlyList<string> keys)
{
    private readonly byte[][] hashes = [.. keys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];

    /// <summary>Whether requests need one.</summary>
    public bool IsRequired => hashes.Length > 0;

    /// <exception cref="ApiException">No key, or not one of them.</exception>
    public void Check(HttpRequest request)
    {
        if (!IsRequired) return;
        string header = request.Headers.Authorization.ToString();
        const string scheme = "Bearer ";
        if (!header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            throw new ApiException(401, "authentication_error", "this server wants an API key in the header Authorization: Bearer.", "missing_api_key");
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(header[scheme.Length..].Trim()));
        bool found = false;
        foreach (byte[] known in hashes) found |= CryptographicOperations.FixedTimeEquals(hash, known);
        if (!found) throw new ApiException(401, "authentication_error", "the API key is not one of this server's.", "invalid_api_key");
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Hone.Methods.Supervised;

/// <summary>A short name for settings, so that what was made under others is not taken up again.</summary>
internal static class Fingerprint
{
    /// <summary>Eight hexadecimal digits.</summary>
    public static string Of<T>(T settings) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(settings))))[..8];
}

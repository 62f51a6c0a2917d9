using Hone.Core;

namespace Hone.Inference.Constrained;

/// <summary>The values of <c>format</c> that are enforced, as regular expressions; slightly narrower than the standards they name.</summary>
internal static class TextFormats
{
    private const string Date = @"\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))";
    private const string Time = @"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)";
    private const string Byte = @"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)";
    private const string Label = @"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

    private static readonly Dictionary<string, string> Patterns = new(StringComparer.Ordinal)
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = Date + "T" + Time,
        ["duration"] = @"P(?:\d+W|(?:\d+Y)?(?:\d+M)?\d+D|(?:\d+Y)?\d+M|\d+Y|(?:(?:\d+Y)?(?:\d+M)?\d+D|(?:\d+Y)?\d+M|\d+Y)?T(?:(?:\d+H)?(?:\d+M)?\d+S|(?:\d+H)?\d+M|\d+H))",
        ["email"] = @"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@" + Label + @"(?:\." + Label + ")*",
        ["hostname"] = Label + @"(?:\." + Label + ")*",
        ["ipv4"] = Byte + @"(?:\." + Byte + "){3}",
        ["ipv6"] = "(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}",
        ["uuid"] = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        ["uri"] = @"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#-]|%[0-9A-Fa-f]{2})+",
    };

    /// <summary>The pattern of a format.</summary>
    /// <exception cref="HoneException">The format is not known.</exception>
    // \d would take the digits of every script.
    public static string Find(string name) => Patterns.TryGetValue(name, out string? pattern) ? pattern.Replace(@"\d", "[0-9]", StringComparison.Ordinal)
        : throw HoneException.Unknown("format of the JSON schema", name, Patterns.Keys);
}

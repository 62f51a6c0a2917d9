using System.Globalization;
using System.Text.RegularExpressions;

namespace Hone.Core.Recipes;

/// <summary>
/// Numbers as people write them in recipes and options. Plain: <c>12</c>, <c>1e-3</c>, <c>1_000</c>, <c>inf</c>. With a suffix,
/// by unit: bytes <c>64KB 64MB 2GB</c> (powers of 1000) and <c>64KiB 64MiB 2GiB</c> (powers of 1024); shares <c>25%</c>;
/// seconds, minutes and milliseconds <c>250ms 90s 5m 1.5h</c>; anything else that counts <c>10k 5M 1B</c>.
/// </summary>
public static partial class Quantity
{
    private static readonly Dictionary<string, double> Counts = new() { ["k"] = 1e3, ["K"] = 1e3, ["M"] = 1e6, ["B"] = 1e9, ["G"] = 1e9 };

    private static readonly Dictionary<string, double> Bytes = new()
    {
        ["B"] = 1,
        ["KB"] = 1e3,
        ["kB"] = 1e3,
        ["MB"] = 1e6,
        ["GB"] = 1e9,
        ["KiB"] = 1 << 10,
        ["MiB"] = 1 << 20,
        ["GiB"] = 1 << 30,
    };

    private static readonly Dictionary<string, double> Seconds = new() { ["ms"] = 1e-3, ["s"] = 1, ["m"] = 60, ["min"] = 60, ["h"] = 3600 };

    private static readonly Dictionary<string, double> NoSuffixes = [];

    /// <summary>The number in <paramref name="unit"/>, or null when the text is not one.</summary>
    public static double? Parse(string text, string? unit = null)
    {
        string plain = text.Trim();
        if (plain.TrimStart('+', '-', '.') is "inf") return plain.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
        Match match = NumberAndSuffix().Match(plain);
        if (!match.Success) return null;
        double number = double.Parse(match.Groups[1].Value.Replace("_", ""), NumberStyles.Float, CultureInfo.InvariantCulture);
        string suffix = match.Groups[2].Value;
        if (suffix.Length == 0) return number;
        if (suffix == "%") return unit == "share" ? number / 100 : null;
        return SuffixesOf(unit).TryGetValue(suffix, out double factor) ? number * factor / InSeconds(unit) : null;
    }

    /// <summary>A duration: a number of seconds, or with a suffix (<c>250ms</c>, <c>90s</c>, <c>5m</c>, <c>1.5h</c>); null when the text is not one.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        double? seconds = Parse(text, "seconds");
        return seconds is { } s && Math.Abs(s) < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(s) : null;
    }

    private static Dictionary<string, double> SuffixesOf(string? unit) => unit switch
    {
        "bytes" => Bytes,
        "share" => NoSuffixes,
        "seconds" or "minutes" or "milliseconds" => Seconds,
        _ => Counts,
    };

    private static double InSeconds(string? unit) => unit switch { "minutes" => 60, "milliseconds" => 1e-3, _ => 1 };

    [GeneratedRegex(@"^([+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z%]*)$")]
    private static partial Regex NumberAndSuffix();
}

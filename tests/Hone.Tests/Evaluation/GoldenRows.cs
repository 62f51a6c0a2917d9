using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Tests.Evaluation;

/// <summary>Rows of shared/data/golden/evaluation where they are, else the choice of them in tests/golden/evaluation.</summary>
internal static class GoldenRows
{
    public static IReadOnlyList<JsonObject> Read(string file)
    {
        string path = SharedData.GoldenRows($"evaluation/{file}");
        Assert.SkipWhen(!File.Exists(path), $"shared/data/golden/evaluation/{file} is not here");
        return [.. File.ReadLines(path).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!.AsObject())];
    }

    /// <summary>A number; NaN and infinities are spelled as text in these files.</summary>
    public static double Number(this JsonNode? node) => node!.GetValueKind() == JsonValueKind.String
        ? node.GetValue<string>() switch { "nan" => double.NaN, "inf" => double.PositiveInfinity, "-inf" => double.NegativeInfinity, var other => double.Parse(other, CultureInfo.InvariantCulture) }
        : node.GetValueKind() is JsonValueKind.True ? 1 : node.GetValueKind() is JsonValueKind.False ? 0 : node.GetValue<double>();

    public static double[] Numbers(this JsonNode? node) => [.. node!.AsArray().Select(Number)];

    public static string[] Texts(this JsonNode? node) => [.. node!.AsArray().Select(n => n!.GetValue<string>())];

    public static string Text(this JsonNode? node) => node!.GetValue<string>();

    /// <summary>Equal up to the 9 significant digits that the files keep: relative above 1, absolute below.</summary>
    public static void Close(double expected, double actual, double tolerance, string what)
    {
        if (double.IsNaN(expected) && double.IsNaN(actual)) return;
        if (double.IsInfinity(expected) && expected == actual) return;
        Assert.True(Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected)), $"{what}: expected {expected:R}, got {actual:R}");
    }
}

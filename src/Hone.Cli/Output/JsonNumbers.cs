using System.Text.Json.Nodes;

namespace Hone.Cli.Output;

/// <summary>Lists of numbers as JSON.</summary>
internal static class JsonNumbers
{
    public static JsonArray Of(IEnumerable<int> numbers) => new([.. numbers.Select(number => (JsonNode)number)]);

    /// <summary>JSON has no NaN and no infinities: they become null.</summary>
    public static JsonArray Of(IEnumerable<float> numbers) => new([.. numbers.Select(number => float.IsFinite(number) ? (JsonNode)number : null)]);
}

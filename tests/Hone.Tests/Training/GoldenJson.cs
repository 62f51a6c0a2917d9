using System.Text.Json.Nodes;

namespace Hone.Tests.Training;

/// <summary>Reads recorded reference rows, where NaN and infinities are written as strings.</summary>
internal static class GoldenJson
{
    public static List<JsonObject> Rows(string sharedPath) =>
        [.. File.ReadLines(SharedData.Require(sharedPath)).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!.AsObject())];

    public static double Number(JsonNode? node) => node!.GetValueKind() == System.Text.Json.JsonValueKind.String
        ? node.GetValue<string>() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            string other => throw new FormatException(other),
        }
        : node.GetValue<double>();

    /// <summary>All numbers of a (nested) array in order.</summary>
    public static double[] Flat(JsonNode node) => node is JsonArray array ? [.. array.SelectMany(n => Flat(n!))] : [Number(node)];

    /// <summary>Sizes of a nested array.</summary>
    public static int[] Sizes(JsonNode node) => node is JsonArray array ? [array.Count, .. Sizes(array[0]!)] : [];

    public static float[] Floats(JsonNode node) => [.. Flat(node).Select(x => (float)x)];
}

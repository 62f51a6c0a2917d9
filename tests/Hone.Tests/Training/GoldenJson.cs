using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Hone.Tests.Training;

/// <summary>
/// Reads recorded reference rows, where NaN and infinities are written as strings: those of shared/data/golden/training where they are,
/// else the choice of them in tests/golden/training.
/// </summary>
internal static class GoldenJson
{
    private const string SharedFolder = "data/golden/training/";

    public static List<JsonObject> Rows(string sharedPath)
    {
        string? path = SharedData.Path(sharedPath);
        if (path is null && sharedPath.StartsWith(SharedFolder, StringComparison.Ordinal)) path = SharedData.Golden("training/" + sharedPath[SharedFolder.Length..]);
        Assert.SkipWhen(path is null || !File.Exists(path), $"shared/{sharedPath} is not here");
        return [.. File.ReadLines(path!).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!.AsObject())];
    }

    /// <summary>Every row of a file was tried: as many as the whole set has, or as the choice does.</summary>
    /// <param name="whole">Rows of the whole set.</param>
    /// <param name="done">Rows that were tried and equal.</param>
    public static void AllDone(int whole, int done, [CallerFilePath] string file = "", [CallerMemberName] string member = "")
    {
        Parity.Count(done, done, null, null, file, member);
        if (SharedData.Path(SharedFolder) is not null) Assert.Equal(whole, done);
        else Assert.True(done > 0, "no row was tried");
    }

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

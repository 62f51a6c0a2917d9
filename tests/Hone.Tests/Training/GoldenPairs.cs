using System.Text.Json.Nodes;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Tests.Training;

/// <summary>Recorded pairs as a batch: rows of the first half are chosen, of the second rejected; masks are on token positions.</summary>
internal sealed class GoldenPairs
{
    private readonly int rows, width;

    public GoldenPairs(JsonNode completionMask)
    {
        double[][] mask = [.. completionMask.AsArray().Select(r => GoldenJson.Flat(r!))];
        (rows, width) = (mask.Length, mask[0].Length);
        TrainingSequence Sequence(int row) => new([.. Enumerable.Range(0, width)], [.. mask[row].Select((m, t) => t > 0 && m != 0 ? 1f : 0f)]);
        Batch = TrainingBatch.Of([.. Enumerable.Range(0, rows / 2).Select(i => new TrainingExample([Sequence(i), Sequence(i + rows / 2)]))]);
    }

    public TrainingBatch Batch { get; }

    /// <summary>Numbers of [rows, width − 1], one per next token, in the order of the batch.</summary>
    public double[] Laid(JsonNode values)
    {
        double[][] table = [.. values.AsArray().Select(r => GoldenJson.Flat(r!))];
        double[] laid = new double[rows * width];
        for (int row = 0; row < rows; row++) table[row].CopyTo(laid, Segment(row) * width);
        return laid;
    }

    /// <summary>The other way round.</summary>
    public double[] Back(double[] laid) =>
        [.. Enumerable.Range(0, rows).SelectMany(row => laid.Skip(Segment(row) * width).Take(width - 1))];

    public static void CheckMetrics(JsonObject expected, MetricSums actual, double tolerance, string what, params string[] not)
    {
        Dictionary<string, double> found = actual.Means.ToDictionary();
        foreach ((string name, JsonNode? value) in expected)
        {
            if (not.Contains(name)) continue;
            Assert.True(found.ContainsKey(name), $"{what}: metric {name} is missing");
            GoldenModels.Near(GoldenJson.Number(value), found[name], tolerance, $"{what} {name}");
        }
    }

    public static void CheckAll(double[] expected, double[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Abs(expected[i]) + 1e-10, $"{what}[{i}]: {actual[i]} instead of {expected[i]}");
    }

    /// <summary>Like <see cref="CheckAll"/> where something is learnt; the reference's gradients elsewhere are those of padding.</summary>
    public static void CheckWhere(Func<int, bool> isLearnt, double[] expected, double[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        CheckAll([.. expected.Where((_, i) => isLearnt(i))], [.. actual.Where((_, i) => isLearnt(i))], tolerance, what);
    }

    /// <summary>Whether the next token of place i of [rows, width − 1] is in a mask of [rows, width].</summary>
    public static Func<int, bool> Next(JsonNode mask)
    {
        double[][] rows = [.. mask.AsArray().Select(r => GoldenJson.Flat(r!))];
        int width = rows[0].Length - 1;
        return i => rows[i / width][i % width + 1] != 0;
    }

    private int Segment(int row) => row < rows / 2 ? 2 * row : 2 * (row - rows / 2) + 1;
}

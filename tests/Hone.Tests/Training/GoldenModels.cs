using System.Text.Json.Nodes;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;

namespace Hone.Tests.Training;

/// <summary>The tiny models of the recorded training values, and comparisons with checksums.</summary>
internal static class GoldenModels
{
    public const string Folder = "data/golden/training/";

    public static LanguageModel Load(string name) => TrajectoryGoldenTests.LoadModel(SharedData.Require(Folder + name));

    /// <summary>Logits [rows · tokens, V] of sequences of real tokens.</summary>
    public static float[] Logits(LanguageModel model, JsonNode inputIds)
    {
        using Tape tape = new(recording: false);
        TokenBatch batch = TokenBatch.Of([.. inputIds.AsArray().Select(r => (int[])[.. r!.AsArray().Select(n => (int)n!)])]);
        return model.Logits(tape, model.Hidden(tape, batch)).Data.ToArray();
    }

    public static float[] Recorded(SafetensorsFile file, string name)
    {
        WeightEntry entry = file.Entries[name];
        float[] values = new float[entry.Count];
        file.ReadRows(name, 0, entry.Rows, values);
        return values;
    }

    public static void Near(IReadOnlyList<float> expected, IReadOnlyList<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"{what}[{i}]: {actual[i]} instead of {expected[i]}");
    }

    public static void Near(double expected, double actual, double tolerance, string what)
    {
        if (double.IsNaN(expected)) Assert.True(double.IsNaN(actual), $"{what}: {actual} instead of NaN");
        else Assert.True(Math.Abs(expected - actual) <= tolerance * (1 + Math.Abs(expected)), $"{what}: {actual} instead of {expected}");
    }

    /// <summary>Compares with n, sum, abs_sum, l2, max_abs, cos_sum = Σ t_i cos(0.37 i) and single elements.</summary>
    public static void CheckSums(JsonObject expected, ReadOnlySpan<float> values, double tolerance, string what)
    {
        float[] v = values.ToArray();
        Assert.Equal((int)expected["n"]!, v.Length);
        double scale = (double)expected["abs_sum"]!; // sums of numbers that cancel are as exact as the numbers are
        void Sum(string name, double actual) =>
            Assert.True(Math.Abs((double)expected[name]! - actual) <= tolerance * (1 + scale), $"{what} {name}: {actual} instead of {expected[name]}");
        Sum("sum", v.Sum(x => (double)x));
        Sum("abs_sum", v.Sum(x => (double)Math.Abs(x)));
        Sum("cos_sum", v.Select((x, i) => x * Math.Cos(0.37 * i)).Sum());
        Near((double)expected["l2"]!, Math.Sqrt(v.Sum(x => (double)x * x)), tolerance, $"{what} l2");
        Near((double)expected["max_abs"]!, v.Max(Math.Abs), tolerance, $"{what} max_abs");
        foreach ((string index, JsonNode? value) in expected["at"]!.AsObject()) Near((double)value!, v[int.Parse(index)], tolerance, $"{what}[{index}]");
    }
}

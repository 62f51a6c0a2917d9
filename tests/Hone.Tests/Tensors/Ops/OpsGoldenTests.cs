using System.Text.Json;
using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Outputs and gradients of single operations against PyTorch's in float64.</summary>
public sealed class OpsGoldenTests
{
    private static readonly string Index = SharedData.Golden("ops/ops.jsonl"), Values = SharedData.Golden("ops/ops.safetensors");

    /// <summary>What the files' authors suggest for float32 code, relative to 1 + |expected|.</summary>
    private const double Tolerance = 2e-5;

    public static TheoryData<string> Ids => [.. Cases().Select(row => row.GetProperty("id").GetString()!)];

    private static IEnumerable<JsonElement> Cases() => File.ReadLines(Index).Select(line => JsonDocument.Parse(line).RootElement);

    [Theory]
    [MemberData(nameof(Ids))]
    public void Output_and_gradients_are_those_of_the_reference(string id)
    {
        JsonElement row = Cases().Single(candidate => candidate.GetProperty("id").GetString() == id);
        using WorkerPool workers = new(2);
        using Tape tape = new(workers);
        OpsGoldenCase golden = new(row, new TensorFile(Values), tape);
        Tensor output = OpsGoldenRunner.Known[golden.Op](golden);
        AssertClose(golden.ExpectedOutput, output.Data, "output");
        tape.Backward(output, [.. golden.Upstream.Select(value => (float)value)]);
        foreach (string name in golden.Differentiated) AssertClose(golden.ExpectedGrad(name), golden[name].Grad, name);
    }

    /// <summary>The files here are copies; where the shared ones are present they must hold the same.</summary>
    [Theory]
    [InlineData("ops.jsonl")]
    [InlineData("ops.safetensors")]
    public void The_copies_are_those_of_the_shared_data(string file) =>
        Assert.Equal(File.ReadAllBytes(SharedData.Require("data/golden/training/ops/" + file)), File.ReadAllBytes(SharedData.Golden("ops/" + file)));

    private static void AssertClose(double[] expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= Tolerance * (1 + Math.Abs(expected[i])), $"{what}[{i}]: {expected[i]} expected, {actual[i]} found");
    }
}

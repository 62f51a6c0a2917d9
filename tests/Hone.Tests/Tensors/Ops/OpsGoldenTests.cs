using System.Text.Json;
using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Outputs and gradients of single operations against PyTorch's in float64.</summary>
public sealed class OpsGoldenTests
{
    private const string Folder = "data/golden/training/ops";

    /// <summary>What the files' authors suggest for float32 code, relative to 1 + |expected|.</summary>
    private const double Tolerance = 2e-5;

    public static TheoryData<string> Ids()
    {
        TheoryData<string> ids = [];
        if (SharedData.Path(Folder + "/ops.jsonl") is not { } path) return ids;
        foreach (string line in File.ReadLines(path))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            if (OpsGoldenRunner.Known.ContainsKey(row.GetProperty("op").GetString()!)) ids.Add(row.GetProperty("id").GetString()!);
        }
        return ids;
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Ids))]
    public void Output_and_gradients_are_those_of_the_reference(string id)
    {
        string folder = SharedData.Require(Folder);
        JsonElement row = File.ReadLines(Path.Combine(folder, "ops.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement).Single(candidate => candidate.GetProperty("id").GetString() == id);
        using WorkerPool workers = new(2);
        using Tape tape = new(workers);
        OpsGoldenCase golden = new(row, new TensorFile(Path.Combine(folder, "ops.safetensors")), tape);
        Tensor output = OpsGoldenRunner.Known[golden.Op](golden);
        AssertClose(golden.ExpectedOutput, output.Data, "output");
        tape.Backward(output, [.. golden.Upstream.Select(value => (float)value)]);
        foreach (string name in golden.Differentiated) AssertClose(golden.ExpectedGrad(name), golden[name].Grad, name);
    }

    [Fact]
    public void Every_operation_of_the_file_is_known()
    {
        string[] ops = [.. File.ReadLines(SharedData.Require(Folder + "/ops.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("op").GetString()!).Distinct()];
        Assert.Empty(ops.Except(OpsGoldenRunner.Known.Keys));
    }

    private static void AssertClose(double[] expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= Tolerance * (1 + Math.Abs(expected[i])), $"{what}[{i}]: {expected[i]} expected, {actual[i]} found");
    }
}

using System.Text.Json;
using Hone.Tensors;

namespace Hone.Tests.Tensors.Ops;

/// <summary>One row of golden/training/ops: inputs as tensors of a tape, attributes, expected values.</summary>
internal sealed class OpsGoldenCase(JsonElement row, TensorFile file, Tape tape)
{
    private readonly Dictionary<string, Tensor> inputs = [];

    public Tape Tape => tape;

    public string Id { get; } = row.GetProperty("id").GetString()!;

    public string Op { get; } = row.GetProperty("op").GetString()!;

    public string[] Differentiated { get; } = [.. row.GetProperty("grads").EnumerateArray().Select(name => name.GetString()!)];

    public bool Has(string attribute) => row.TryGetProperty("attrs", out JsonElement attrs) && attrs.TryGetProperty(attribute, out _);

    public JsonElement Attribute(string name) => row.GetProperty("attrs").GetProperty(name);

    public double Number(string name, double absent) => Has(name) ? Attribute(name).GetDouble() : absent;

    public string Word(string name, string absent) => Has(name) ? Attribute(name).GetString()! : absent;

    public bool Flag(string name) => Has(name) && Attribute(name).GetBoolean();

    public int[] Integers(string name) => [.. Attribute(name).EnumerateArray().Select(value => value.GetInt32())];

    /// <summary>An input as a tensor; the same one on every call.</summary>
    public Tensor this[string name]
    {
        get
        {
            if (inputs.TryGetValue(name, out Tensor? known)) return known;
            float[] values = [.. file.Values($"{Id}/in.{name}").Select(value => (float)value)];
            return inputs[name] = Tensor.From(Shape.Of(InputShape(name)), values, Differentiated.Contains(name));
        }
    }

    public int[] InputShape(string name) => file.Shape($"{Id}/in.{name}");

    /// <summary>An input of integers, flattened.</summary>
    public int[] Ints(string name) => [.. file.Values($"{Id}/in.{name}").Select(value => (int)value)];

    /// <summary>An input of constants, flattened.</summary>
    public float[] Floats(string name) => [.. file.Values($"{Id}/in.{name}").Select(value => (float)value)];

    public double[] Upstream => file.Values($"{Id}/upstream");

    public double[] ExpectedOutput => file.Values($"{Id}/out");

    public double[] ExpectedGrad(string name) => file.Values($"{Id}/grad.{name}");
}

using Hone.Core;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>
/// The critic of PPO on the policy's own hidden states: value of a state = weight · hidden + bias, where the state is the text before
/// a token. Starts at 0 everywhere, so that the first advantages are the returns themselves.
/// </summary>
/// <param name="width">Size of a hidden state, C.</param>
public sealed class ValueHead(int width)
{
    private const string FileName = "value_head.safetensors";

    /// <summary>[1, C].</summary>
    public Parameter Weight { get; } = new("value_head.weight", Tensor.Create((1, width), true));

    /// <summary>[1].</summary>
    public Parameter Bias { get; } = new("value_head.bias", Tensor.Create(1, true));

    /// <summary>Weight and bias.</summary>
    public IReadOnlyList<Parameter> Parameters => [Weight, Bias];

    /// <summary>Writes <c>value_head.safetensors</c> into a folder.</summary>
    public void Save(string folder) =>
        SafetensorsWriter.Save(Path.Combine(folder, FileName), Parameters.Select(p => p.Value.ToWeightSource(p.Name)), SafetensorsWriter.PyTorchMetadata);

    /// <summary>Reads what <see cref="Save"/> wrote; false where there is none.</summary>
    /// <exception cref="HoneException">Of another size, or not readable.</exception>
    public bool TryLoad(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return false;
        using SafetensorsFile file = new(path);
        foreach (Parameter parameter in Parameters) file.ReadTensor(path, parameter.Name, parameter.Value);
        return true;
    }

    /// <summary>Values of all positions, [tokens, 1].</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="hidden">[tokens, C].</param>
    public Tensor Values(Tape tape, Tensor hidden) => tape.Linear(hidden, Weight.Value, Bias.Value);
}

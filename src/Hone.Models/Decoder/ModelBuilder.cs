using Hone.Models.Config;
using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>Makes a model's weights, zeroed, and keeps the lists of them in the order of the file.</summary>
internal sealed class ModelBuilder(ModelConfig config)
{
    public ModelConfig Config => config;

    public List<Parameter> Parameters { get; } = [];

    public List<LinearLayer> Linears { get; } = [];

    /// <summary>Weights whose file holds the transpose of the matrix in memory.</summary>
    public HashSet<string> Transposed { get; } = new(StringComparer.Ordinal);

    public Parameter Parameter(string name, Shape shape)
    {
        Parameter parameter = new(name, Tensor.Create(shape));
        Parameters.Add(parameter);
        return parameter;
    }

    public LinearLayer Linear(string name, int outputs, int inputs, bool bias = false)
    {
        LinearLayer layer = new(name, Parameter($"{name}.weight", (outputs, inputs)), bias ? Parameter($"{name}.bias", outputs) : null);
        Linears.Add(layer);
        if (config.Layout == WeightLayout.Gpt2) Transposed.Add(layer.Weight.Name);
        return layer;
    }

    public NormLayer Norm(string name, int size) => new(
        config.Norm, config.NormEpsilon, config.NormAddsOne, Parameter($"{name}.weight", size),
        config.Norm == NormKind.Layer ? Parameter($"{name}.bias", size) : null);
}

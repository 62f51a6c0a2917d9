using Hone.Models.Config;
using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>Makes a model's weights, zeroed, and keeps the lists of them in the order of the file.</summary>
internal class WeightList
{
    public List<Parameter> Parameters { get; } = [];

    public List<LinearLayer> Linears { get; } = [];

    public Parameter Parameter(string name, Shape shape)
    {
        Parameter parameter = new(name, Tensor.Create(shape));
        Parameters.Add(parameter);
        return parameter;
    }

    public virtual LinearLayer Linear(string name, int outputs, int inputs, bool bias = false)
    {
        LinearLayer layer = new(name, Parameter($"{name}.weight", (outputs, inputs)), bias ? Parameter($"{name}.bias", outputs) : null);
        Linears.Add(layer);
        return layer;
    }

    public NormLayer LayerNorm(string name, int size, float epsilon) =>
        new(NormKind.Layer, epsilon, false, Parameter($"{name}.weight", size), Parameter($"{name}.bias", size));
}

/// <summary>Gives a matrix [rows, columns] that is kept in few bits, by the name of its weight; null for one that becomes a parameter.</summary>
internal delegate QuantizedMatrix? FrozenWeights(string name, Shape shape);

/// <summary>The weights of a decoder.</summary>
internal sealed class ModelBuilder(ModelConfig config, FrozenWeights? frozen = null) : WeightList
{
    public ModelConfig Config => config;

    /// <summary>Weights whose file holds the transpose of the matrix in memory.</summary>
    public HashSet<string> Transposed { get; } = new(StringComparer.Ordinal);

    public override LinearLayer Linear(string name, int outputs, int inputs, bool bias = false)
    {
        if (frozen?.Invoke($"{name}.weight", (outputs, inputs)) is { } matrix)
        {
            LinearLayer kept = new(name, matrix, bias ? Parameter($"{name}.bias", outputs) : null);
            Linears.Add(kept);
            return kept;
        }
        LinearLayer layer = base.Linear(name, outputs, inputs, bias);
        if (config.Layout == WeightLayout.Gpt2) Transposed.Add(layer.Weight.Name);
        return layer;
    }

    public EmbeddingTable Embedding(string name, int rows, int width) =>
        frozen?.Invoke($"{name}.weight", (rows, width)) is { } matrix ? new(matrix) : new(Parameter($"{name}.weight", (rows, width)));

    public NormLayer Norm(string name, int size) => config.Norm == NormKind.Layer
        ? LayerNorm(name, size, config.NormEpsilon)
        : new(NormKind.Rms, config.NormEpsilon, config.NormAddsOne, Parameter($"{name}.weight", size), null);
}

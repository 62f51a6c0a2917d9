using Hone.Models.Config;
using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>Makes a model's weights, zeroed, and keeps the lists of them in the order of the file.</summary>
/// <param name="frozen">Asked for each matrix; null for none in few bits.</param>
internal class WeightList(FrozenWeights? frozen = null)
{
    public List<Parameter> Parameters { get; } = [];

    public List<LinearLayer> Linears { get; } = [];

    public Parameter Parameter(string name, Shape shape)
    {
        Parameter parameter = new(name, Tensor.Create(shape));
        Parameters.Add(parameter);
        return parameter;
    }

    public LinearLayer Linear(string name, int outputs, int inputs, bool bias = false)
    {
        LinearLayer layer = Frozen($"{name}.weight", (outputs, inputs)) is { } matrix
            ? new(name, matrix, Bias())
            : new(name, Parameter($"{name}.weight", (outputs, inputs)), Bias());
        Linears.Add(layer);
        return layer;

        Parameter? Bias() => bias ? Parameter($"{name}.bias", outputs) : null;
    }

    /// <summary>A matrix in few bits, where there is one of this name.</summary>
    protected QuantizedMatrix? Frozen(string name, Shape shape) => frozen?.Invoke(name, shape);

    public NormLayer LayerNorm(string name, int size, float epsilon) =>
        new(NormKind.Layer, epsilon, false, Parameter($"{name}.weight", size), Parameter($"{name}.bias", size));
}

/// <summary>Gives a matrix [rows, columns] that is kept in few bits, by the name of its weight; null for one that becomes a parameter.</summary>
internal delegate QuantizedMatrix? FrozenWeights(string name, Shape shape);

/// <summary>The weights of a decoder.</summary>
internal sealed class ModelBuilder(ModelConfig config, FrozenWeights? frozen = null) : WeightList(frozen)
{
    public ModelConfig Config => config;

    public EmbeddingTable Embedding(string name, int rows, int width) =>
        Frozen($"{name}.weight", (rows, width)) is { } matrix ? new(matrix) : new(Parameter($"{name}.weight", (rows, width)));

    public NormLayer Norm(string name, int size) => config.Norm == NormKind.Layer
        ? LayerNorm(name, size, config.NormEpsilon)
        : new(NormKind.Rms, config.NormEpsilon, config.NormAddsOne, Parameter($"{name}.weight", size), null);
}

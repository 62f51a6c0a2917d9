using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>Something added to a linear layer without changing its weight: LoRA, DoRA.</summary>
public interface ILinearAdapter
{
    /// <summary>The layer's result with the adapter's part.</summary>
    /// <param name="tape">Tape of this pass.</param>
    /// <param name="x">[N, in] the layer's input.</param>
    /// <param name="y">[N, out] result of the weight and the adapters before this one, without the bias.</param>
    /// <param name="layer">The layer.</param>
    /// <returns>[N, out].</returns>
    Tensor Apply(Tape tape, Tensor x, Tensor y, LinearLayer layer);

    /// <summary>Whether <see cref="Apply"/> may run on several threads at once, each with its tape.</summary>
    bool IsConcurrent => true;
}

/// <summary>y = x · Wᵀ + b, with adapters between the product and the bias. W is an fp32 parameter or a frozen quantised matrix.</summary>
public sealed class LinearLayer
{
    private readonly List<ILinearAdapter> adapters = [];
    private readonly Parameter? weight;

    internal LinearLayer(string name, Parameter weight, Parameter? bias) => (Name, this.weight, Bias) = (name, weight, bias);

    internal LinearLayer(string name, QuantizedMatrix quantized, Parameter? bias) => (Name, Quantized, Bias) = (name, quantized, bias);

    /// <summary>Name of the module in Hugging Face files, e.g. <c>model.layers.3.self_attn.q_proj</c>.</summary>
    public string Name { get; }

    /// <summary>[out, in], also where the file stores the transpose (GPT-2).</summary>
    /// <exception cref="HoneException">The layer is quantised.</exception>
    public Parameter Weight => weight
        ?? throw new HoneException($"{Name} is kept in {Quantized!.Type}, which cannot be trained, merged or saved. Load the model with full weights.");

    /// <summary>The weight in few bits; null when it is a parameter.</summary>
    public QuantizedMatrix? Quantized { get; }

    /// <summary>[out], or null.</summary>
    public Parameter? Bias { get; }

    public int Inputs => Quantized?.Width ?? Weight.Value.Shape[1];

    public int Outputs => Quantized?.Outputs ?? Weight.Value.Shape[0];

    /// <summary>Added to the weight while it is set, without touching the weight itself; null for none.</summary>
    public IWeightNoise? Noise { get; set; }

    /// <summary>Whether <see cref="Forward"/> may run on several threads at once, each with its tape.</summary>
    public bool IsConcurrent => Noise is null && adapters.TrueForAll(adapter => adapter.IsConcurrent);

    /// <summary>Applied in order.</summary>
    public IList<ILinearAdapter> Adapters => adapters;

    /// <param name="tape">Tape. One that does not record multiplies quantised weights with inputs rounded to 8 bits.</param>
    /// <param name="x">[N, in].</param>
    /// <returns>[N, out].</returns>
    public Tensor Forward(Tape tape, Tensor x)
    {
        if (adapters.Count == 0) return Multiply(tape, x, Bias?.Value);
        Tensor y = Multiply(tape, x, null);
        foreach (ILinearAdapter adapter in adapters) y = adapter.Apply(tape, x, y, this);
        return Bias is null ? y : tape.Add(y, Bias.Value);
    }

    /// <summary>
    /// Several layers on one input, such as query, key and value. Without a way back, quantised ones round the input once and call the
    /// threads once, which counts when there is one row.
    /// </summary>
    /// <returns>One [N, out] for each layer.</returns>
    internal static Tensor[] ForwardAll(Tape tape, Tensor x, params ReadOnlySpan<LinearLayer> layers)
    {
        Tensor[] results = new Tensor[layers.Length];
        if (tape.Recording || !AllPlainQuantized(layers))
        {
            for (int i = 0; i < results.Length; i++) results[i] = layers[i].Forward(tape, x);
            return results;
        }
        QuantizedMatrix[] matrices = new QuantizedMatrix[layers.Length];
        Tensor?[] biases = new Tensor?[layers.Length];
        for (int i = 0; i < matrices.Length; i++) (matrices[i], biases[i]) = (layers[i].Quantized!, layers[i].Bias?.Value);
        tape.FrozenLinears(x, matrices, biases, results);
        return results;
    }

    private static bool AllPlainQuantized(ReadOnlySpan<LinearLayer> layers)
    {
        foreach (LinearLayer layer in layers)
            if (!layer.IsPlainQuantized) return false;
        return true;
    }

    /// <summary>Whether it is nothing but a product with a matrix in few bits, and maybe a bias.</summary>
    internal bool IsPlainQuantized => Quantized is not null && adapters.Count == 0 && Noise is null;

    public override string ToString() => $"{Name} [{Outputs}, {Inputs}]";

    private Tensor Multiply(Tape tape, Tensor x, Tensor? bias) => (Noise, Quantized) switch
    {
        (null, null) => tape.Linear(x, Weight.Value, bias),
        (null, not null) => tape.FrozenLinear(x, Quantized, bias, fast: !tape.Recording),
        (not null, null) => tape.NoisyLinear(x, Weight.Value, Noise, bias),
        (not null, not null) => tape.NoisyLinear(x, Quantized, Noise, bias),
    };
}

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
}

/// <summary>y = x · Wᵀ + b, with adapters between the product and the bias.</summary>
public sealed class LinearLayer
{
    private readonly List<ILinearAdapter> adapters = [];

    internal LinearLayer(string name, Parameter weight, Parameter? bias) => (Name, Weight, Bias) = (name, weight, bias);

    /// <summary>Name of the module in Hugging Face files, e.g. <c>model.layers.3.self_attn.q_proj</c>.</summary>
    public string Name { get; }

    /// <summary>[out, in], also where the file stores the transpose (GPT-2).</summary>
    public Parameter Weight { get; }

    /// <summary>[out], or null.</summary>
    public Parameter? Bias { get; }

    public int Inputs => Weight.Value.Shape[1];

    public int Outputs => Weight.Value.Shape[0];

    /// <summary>Applied in order.</summary>
    public IList<ILinearAdapter> Adapters => adapters;

    /// <param name="tape">Tape.</param>
    /// <param name="x">[N, in].</param>
    /// <returns>[N, out].</returns>
    public Tensor Forward(Tape tape, Tensor x)
    {
        if (adapters.Count == 0) return tape.Linear(x, Weight.Value, Bias?.Value);
        Tensor y = tape.Linear(x, Weight.Value);
        foreach (ILinearAdapter adapter in adapters) y = adapter.Apply(tape, x, y, this);
        return Bias is null ? y : tape.Add(y, Bias.Value);
    }

    public override string ToString() => $"{Name} [{Outputs}, {Inputs}]";
}

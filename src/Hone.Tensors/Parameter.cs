namespace Hone.Tensors;

/// <summary>A named weight of a model.</summary>
/// <param name="name">Name in the model's files, e.g. <c>model.layers.0.self_attn.q_proj.weight</c>.</param>
/// <param name="value">The numbers; owns its memory.</param>
public sealed class Parameter(string name, Tensor value)
{
    public string Name { get; } = name;

    public Tensor Value { get; } = value;

    /// <summary>Whether training changes it. Frozen parameters take no gradient.</summary>
    public bool Trainable
    {
        get => Value.RequiresGrad;
        set => Value.RequiresGrad = value;
    }

    public override string ToString() => $"{Name} {Value.Shape}";
}

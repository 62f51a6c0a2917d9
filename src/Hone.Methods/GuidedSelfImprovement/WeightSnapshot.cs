using Hone.Models.Decoder;
using Hone.Tensors;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>A copy of all weights of a model, to go back to.</summary>
public sealed class WeightSnapshot
{
    private readonly List<(Parameter Parameter, float[] Values)> copies;

    public WeightSnapshot(LanguageModel model) => copies = [.. model.Parameters.Select(p => (p, p.Value.Data.ToArray()))];

    /// <summary>Puts the weights back as they were.</summary>
    public void Restore()
    {
        foreach ((Parameter parameter, float[] values) in copies) values.CopyTo(parameter.Value.Data);
    }

    /// <summary>Gives the weights to another model of the same shape.</summary>
    public void CopyTo(LanguageModel other)
    {
        foreach ((Parameter parameter, (_, float[] values)) in other.Parameters.Zip(copies)) values.CopyTo(parameter.Value.Data);
    }
}

using Hone.Tensors;

namespace Hone.Training.Optimizers;

/// <summary>
/// Moves parameters along their gradients. A parameter without a gradient is left alone entirely (its moments do not decay
/// and its step count does not advance); a gradient of zeros still decays moments and weights.
/// </summary>
public interface IOptimizer
{
    /// <summary>The parameters it moves.</summary>
    IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>One update.</summary>
    /// <param name="learningRate">Rate of this step, ≥ 0. At 0 parameters stay, moments and step counts advance.</param>
    /// <param name="gradientScale">Factor applied to every gradient before use: one over the window's trained weight, times the clipping factor.</param>
    void Step(double learningRate, double gradientScale = 1.0);

    /// <summary>Everything that has to be kept to continue exactly: tensors by name.</summary>
    IEnumerable<(string Name, Tensor Value)> State { get; }

    /// <summary>Updates each parameter has had, in the order of <see cref="Parameters"/>; part of the state.</summary>
    Span<long> StepCounts { get; }
}

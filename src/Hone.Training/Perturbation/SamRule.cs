using System.Numerics.Tensors;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Training.Perturbation;

/// <summary>
/// Sharpness-aware minimisation: the gradient at the point ρ further up the gradient, for two passes a step. Foret et al.,
/// arXiv:2010.01412; on LoRA's factors it is the LoRA-SAM of arXiv:2409.14396, equation 2.
/// </summary>
/// <param name="parameters">What is trained, and what is moved.</param>
/// <param name="rho">ρ, the length of the move over all parameters together.</param>
/// <param name="workers">Threads.</param>
/// <param name="inner">How gradients are taken; back-propagation by default.</param>
public sealed class SamRule(IReadOnlyList<Parameter> parameters, double rho, WorkerPool? workers = null, IGradientRule? inner = null) : IGradientRule
{
    private readonly IGradientRule inner = inner ?? new Backpropagation();
    private readonly GradientNorm norm = new(parameters, workers);
    private readonly float[][] before = [.. parameters.Select(p => new float[p.Value.Count])];

    /// <summary>What a gradient of that norm is multiplied by: ρ / ‖g‖, and 0 where there is no direction.</summary>
    public static double Factor(double norm, double rho) => double.IsFinite(norm) && norm > 0 ? rho / norm : 0;

    /// <inheritdoc/>
    public (double LossSum, double Weight) Accumulate(Tape tape, IReadOnlyList<TrainingBatch> window, int step, IObjective objective, MetricSums metrics)
    {
        (double sum, double weight) = inner.Accumulate(tape, window, step, objective, metrics);
        double factor = Factor(norm.Compute(), rho);
        if (factor == 0) return (sum, weight);
        for (int i = 0; i < parameters.Count; i++) parameters[i].Value.Data.CopyTo(before[i]);
        try
        {
            foreach (Parameter parameter in parameters)
            {
                if (parameter.Value.HasGrad) TensorPrimitives.MultiplyAdd(parameter.Value.Grad, (float)factor, parameter.Value.Data, parameter.Value.Data);
                parameter.Value.ClearGrad();
            }
            inner.Accumulate(tape, window, step, objective, new MetricSums());
        }
        finally
        {
            for (int i = 0; i < parameters.Count; i++) before[i].CopyTo(parameters[i].Value.Data);
        }
        return (sum, weight);
    }
}

using Hone.Tensors;
using Hone.Training.Batching;

namespace Hone.Training.Objectives;

/// <summary>
/// A loss as a SUM and the weight it sums over. Objectives never divide by a batch's size: the trainer divides once, by the
/// weight of the whole optimiser step, so that micro-batches of any cut give the same update.
/// </summary>
/// <param name="Sum">Scalar on the tape.</param>
/// <param name="Weight">What the sum is later divided by: trained tokens, or pairs; 0 when the batch has no target.</param>
public readonly record struct WeightedLoss(Tensor Sum, double Weight);

/// <summary>What is minimised. It holds the model it trains, and whatever else it needs (a reference policy, a reward).</summary>
public interface IObjective
{
    /// <summary>Name in options, logs and reports, e.g. <c>sft</c>.</summary>
    string Name { get; }

    /// <summary>Runs the model on one micro-batch and gives the loss.</summary>
    /// <param name="tape">Tape of the step.</param>
    /// <param name="batch">Rows.</param>
    /// <param name="metrics">Receives sums of whatever should be logged.</param>
    WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics);

    /// <summary>
    /// Whether <see cref="Compute"/> may run on several threads at once, each with a tape, a batch and metrics of its own, and whether the
    /// parts of a batch give together what the whole would.
    /// </summary>
    bool IsConcurrent => false;
}

/// <summary>How gradients arise. Plain back-propagation by default; perturbation methods wrap it.</summary>
public interface IGradientRule
{
    /// <summary>Adds the gradient of the loss SUM of one optimiser step to the parameters, and returns the sum and its weight.</summary>
    /// <param name="tape">Tape; reset for every micro-batch.</param>
    /// <param name="window">The step's micro-batches.</param>
    /// <param name="step">0-based number of the step.</param>
    /// <param name="objective">What is minimised.</param>
    /// <param name="metrics">Receives what the objective logs.</param>
    (double LossSum, double Weight) Accumulate(Tape tape, IReadOnlyList<TrainingBatch> window, int step, IObjective objective, MetricSums metrics);
}

/// <summary>Forward, backward, one micro-batch after the other.</summary>
public sealed class Backpropagation : IGradientRule
{
    public (double LossSum, double Weight) Accumulate(Tape tape, IReadOnlyList<TrainingBatch> window, int step, IObjective objective, MetricSums metrics)
    {
        double total = 0, weight = 0;
        foreach (TrainingBatch batch in window)
        {
            (double sum, double part) = Accumulate(tape, batch, objective, metrics);
            (total, weight) = (total + sum, weight + part);
        }
        return (total, weight);
    }

    /// <summary>One micro-batch; without targets it adds exactly nothing.</summary>
    internal static (double LossSum, double Weight) Accumulate(Tape tape, TrainingBatch batch, IObjective objective, MetricSums metrics)
    {
        tape.Reset();
        WeightedLoss loss = objective.Compute(tape, batch, metrics);
        double sum = loss.Sum.Item();
        if (loss.Weight == 0) return (0, 0);
        tape.Backward(loss.Sum);
        return (sum, loss.Weight);
    }
}

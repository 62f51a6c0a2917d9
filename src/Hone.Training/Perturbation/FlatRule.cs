using Hone.Core;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Training.Perturbation;

/// <summary>
/// Flat-LoRA: the gradient is taken at the merged weight plus Gaussian noise, the same for all micro-batches of a step, and the noise is
/// gone before the update. Li et al., arXiv:2409.14396. Noise is drawn while a layer works and never stored; the weights are not written to,
/// so nothing has to be undone and a resumed run repeats every bit from its seed and step.
/// </summary>
/// <param name="layers">Layers that get noise.</param>
/// <param name="settings">Strength and schedule.</param>
/// <param name="steps">Steps of the whole run, which the schedule needs.</param>
/// <param name="random">The run's stream for this purpose.</param>
/// <param name="workers">Threads.</param>
/// <param name="inner">How the gradient at the moved point is taken; back-propagation by default.</param>
public sealed class FlatRule(
    IReadOnlyList<LinearLayer> layers, NoiseSettings settings, int steps, RandomStream random, WorkerPool? workers = null, IGradientRule? inner = null) : IGradientRule
{
    private const int UnmovedEvery = 50; // a look at the loss without noise costs about a third of a step
    private readonly IGradientRule inner = inner ?? new Backpropagation();
    private readonly float[][] norms = [.. layers.Select(l => new float[l.Outputs])];

    /// <summary>The layers Flat-LoRA moves: those with LoRA on them, or without an adapter every linear layer but the head.</summary>
    public static IReadOnlyList<LinearLayer> LayersOf(LanguageModel model, LoraModel? adapter) => adapter is null ? model.LinearLayers : [.. adapter.Layers.Select(l => l.Layer)];

    /// <inheritdoc/>
    public (double LossSum, double Weight) Accumulate(Tape tape, IReadOnlyList<TrainingBatch> window, int step, IObjective objective, MetricSums metrics)
    {
        double sigma = step % settings.Every == 0 ? settings.At(step, steps) : 0;
        metrics.Add("flat/sigma", sigma);
        if (step % UnmovedEvery == 0) AddUnmovedLoss(tape, window[0], objective, metrics);
        if (sigma == 0) return inner.Accumulate(tape, window, step, objective, metrics);
        try
        {
            metrics.Add("flat/row_std", Move(sigma, step));
            return inner.Accumulate(tape, window, step, objective, metrics);
        }
        finally
        {
            foreach (LinearLayer layer in layers) layer.Noise = null;
        }
    }

    /// <summary>Sets every layer's noise for a step and returns the mean deviation of their rows.</summary>
    internal double Move(double sigma, int step)
    {
        RandomStream ofStep = random.Derive(step);
        double sum = 0;
        int rows = 0;
        for (int l = 0; l < layers.Count; l++)
        {
            RowNorms.Of(layers[l], workers ?? WorkerPool.Shared, norms[l]);
            FilterNoise noise = new(ofStep.Derive(layers[l].Name), norms[l], layers[l].Inputs, sigma);
            foreach (float deviation in noise.Deviations) sum += deviation;
            rows += layers[l].Outputs;
            layers[l].Noise = noise;
        }
        return rows == 0 ? 0 : sum / rows;
    }

    /// <summary>The training loss lies higher by what the noise costs: now and then one micro-batch is looked at without it.</summary>
    private static void AddUnmovedLoss(Tape tape, TrainingBatch batch, IObjective objective, MetricSums metrics)
    {
        using Tape still = new(tape.Workers, tape.Memory, recording: false);
        WeightedLoss loss = objective.Compute(still, batch, new MetricSums());
        if (loss.Weight != 0) metrics.Add("flat/loss_without_noise", loss.Sum.Item() / loss.Weight);
    }
}

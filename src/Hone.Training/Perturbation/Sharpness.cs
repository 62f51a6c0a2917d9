using Hone.Core;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Training.Perturbation;

/// <summary>Losses around a point.</summary>
/// <param name="Sigma">Strength of the noise.</param>
/// <param name="Base">Loss without noise.</param>
/// <param name="Losses">[directions] losses with noise; the n-th direction is the same at every strength.</param>
public sealed record SharpnessPoint(double Sigma, double Base, IReadOnlyList<double> Losses)
{
    /// <summary>E[L(W' + ε)] − L(W').</summary>
    public double Rise => Losses.Average() - Base;

    /// <summary>Largest loss less the base.</summary>
    public double Worst => Losses.Max() - Base;
}

/// <summary>
/// How fast the loss rises around a model's weights, along random directions scaled by the norms of rows ("filter normalisation": Li et
/// al., arXiv:1712.09913), which is the noise of <see cref="FilterNoise"/>. Rescaling a row of a weight does not change it.
/// </summary>
public static class Sharpness
{
    /// <summary>Measures at every strength.</summary>
    /// <param name="layers">Layers that are moved.</param>
    /// <param name="loss">The mean loss at the present point.</param>
    /// <param name="sigmas">Strengths, 0 or more.</param>
    /// <param name="directions">Random directions, at least 1.</param>
    /// <param name="random">Draws the directions.</param>
    /// <param name="workers">Threads.</param>
    /// <param name="heard">Hears of every loss computed.</param>
    public static IReadOnlyList<SharpnessPoint> Measure(
        IReadOnlyList<LinearLayer> layers, Func<double> loss, IReadOnlyList<double> sigmas, int directions, RandomStream random, WorkerPool? workers = null, Action? heard = null)
    {
        double start = loss();
        List<SharpnessPoint> points = [];
        foreach (double sigma in sigmas)
        {
            FlatRule rule = new(layers, new NoiseSettings(sigma), 1, random, workers);
            double[] losses = new double[directions];
            for (int d = 0; d < directions; d++)
            {
                try
                {
                    if (sigma != 0) rule.Move(sigma, d);
                    losses[d] = loss();
                }
                finally
                {
                    foreach (LinearLayer layer in layers) layer.Noise = null;
                }
                heard?.Invoke();
            }
            points.Add(new(sigma, start, losses));
        }
        return points;
    }

    /// <summary>The mean loss over examples, without a gradient.</summary>
    /// <param name="objective">The loss.</param>
    /// <param name="batches">Examples, cut as they fit.</param>
    /// <param name="workers">Threads.</param>
    public static double MeanLoss(IObjective objective, IReadOnlyList<TrainingBatch> batches, WorkerPool? workers = null)
    {
        using Tape tape = new(workers, recording: false);
        double sum = 0, weight = 0;
        foreach (TrainingBatch batch in batches)
        {
            tape.Reset();
            WeightedLoss loss = objective.Compute(tape, batch, new MetricSums());
            (sum, weight) = (sum + loss.Sum.Item(), weight + loss.Weight);
        }
        tape.Reset();
        tape.Memory.Dispose();
        return weight == 0 ? 0 : sum / weight;
    }
}

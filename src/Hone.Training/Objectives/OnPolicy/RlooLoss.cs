using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>The clipped loss with one ratio per completion, as TRL's RLOOTrainer has it.</summary>
public static class RlooLoss
{
    /// <summary>[completions] −min(r A, clip(r) A).</summary>
    /// <param name="sums">[completions] log-probabilities of whole completions.</param>
    /// <param name="oldSums">[completions] when sampled.</param>
    /// <param name="advantages">[completions].</param>
    /// <param name="epsilon">Distance of the lower bound from 1.</param>
    /// <param name="epsilonHigh">Of the upper bound.</param>
    public static Column PerRow(Column sums, double[] oldSums, double[] advantages, double epsilon, double epsilonHigh)
    {
        Column a = sums.Graph.Constant(advantages), ratio = (sums - sums.Graph.Constant(oldSums)).Exp();
        return -Column.Min(ratio * a, ratio.Clamp(1 - epsilon, 1 + epsilonHigh) * a);
    }

    /// <summary>Rewards with the KL to the reference taken off: reward (clipped first) − β · Σ (log π − log π_ref) over the completion.</summary>
    public static double[] Rewards(double[] rewards, double[] sequenceKl, double beta, (double Low, double High)? clip) =>
        [.. rewards.Select((r, i) => (clip is { } c ? Math.Clamp(r, c.Low, c.High) : r) - beta * sequenceKl[i])];
}

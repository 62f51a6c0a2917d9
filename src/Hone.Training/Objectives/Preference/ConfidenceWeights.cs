using System.ComponentModel;
using Hone.Core.Recipes;
using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>Whose confidence weighs the reference's log-probabilities.</summary>
public enum ReferenceWeights
{
    /// <summary>The policy's, as the formula has it.</summary>
    Policy,

    /// <summary>The reference's own, as the released code has it.</summary>
    Reference,
}

/// <summary>Settings of the token weights of BMC's modelling phase.</summary>
public sealed record ConfidenceOptions
{
    [Description("largest weight added to a token that differs; 0 for plain losses")]
    [Limits(AtLeast = 0)]
    public double Delta { get; init; } = 2;

    [Description("whose confidence weighs the reference's log-probabilities")]
    public ReferenceWeights RefWeights { get; init; }
}

/// <summary>
/// Token weights λ = 1 + m · min(1/p, δ) for tokens in which two answers differ (m = 1): the less sure the policy is of such a token, the
/// more it counts. Jiang et al., "Bridging and Modeling Correlations in Pairwise Data for Direct Preference Optimization", arXiv:2408.07471,
/// equations 5 and 6. No gradient flows through λ.
/// </summary>
/// <param name="options">Settings.</param>
public class ConfidenceWeights(ConfidenceOptions options)
{
    /// <summary>Column of the sequences: 1 where the answers differ.</summary>
    public const string Differs = "differs";

    /// <summary>[tokens] λ.</summary>
    /// <param name="logProbs">[tokens] log p.</param>
    /// <param name="mask">[tokens] 1 where the answers differ.</param>
    public virtual double[] Of(double[] logProbs, double[] mask)
    {
        // 1/p overflows where p is tiny, so the cap is put on −log p.
        double cap = Math.Log(options.Delta);
        return [.. logProbs.Select((lp, i) => mask[i] == 0 ? 1 : 1 + mask[i] * Math.Exp(Math.Min(-lp, cap)))];
    }

    /// <summary>Weighted log-probabilities of policy and reference, [tokens].</summary>
    /// <param name="tokens">The policy's.</param>
    /// <param name="reference">The reference's; zeros without one.</param>
    /// <param name="mask">1 where the answers differ.</param>
    public (Column Policy, double[] Reference) Apply(Column tokens, double[] reference, double[] mask)
    {
        double[] weights = Of(tokens.Values, mask), theirs = options.RefWeights == ReferenceWeights.Policy ? weights : Of(reference, mask);
        return (tokens * tokens.Graph.Constant(weights), [.. reference.Zip(theirs, (r, w) => r * w)]);
    }

    /// <summary>bmc/lambda_mean, bmc/lambda_max, bmc/masked_share and bmc/capped_share over the targets of a batch.</summary>
    internal void Log(TrainingBatch batch, double[] logProbs, MetricSums metrics)
    {
        double[] mask = batch.TokenColumn(Differs), weights = Of(logProbs, mask);
        int[] targets = [.. Enumerable.Range(0, mask.Length).Where(i => batch.Targets[i] >= 0)], masked = [.. targets.Where(i => mask[i] != 0)];
        if (targets.Length == 0) return;
        metrics.Add("bmc/lambda_mean", targets.Average(i => weights[i]), targets.Length);
        metrics.Add("bmc/lambda_max", targets.Max(i => weights[i]));
        metrics.Add("bmc/masked_share", (double)masked.Length / targets.Length, targets.Length);
        if (masked.Length > 0) metrics.Add("bmc/capped_share", masked.Average(i => weights[i] >= 1 + options.Delta ? 1.0 : 0), masked.Length);
    }
}

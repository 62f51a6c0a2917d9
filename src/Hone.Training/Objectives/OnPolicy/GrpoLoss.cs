using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>
/// The losses of group-relative policy optimisation as a sum and what it is divided by: completions, tokens, or completions times a
/// fixed length, so that a step may be cut into micro-batches anywhere.
/// </summary>
public static class GrpoLoss
{
    private const double SapoPositive = 1.0, SapoNegative = 1.05; // temperatures of Gao et al., arXiv:2511.20347

    /// <summary>The loss and its metrics.</summary>
    /// <param name="rollout">Completions.</param>
    /// <param name="options">Settings.</param>
    /// <param name="metrics">Receives TRL's metrics.</param>
    public static (Column Sum, double Weight) Compute(Rollout rollout, GrpoOptions options, MetricSums metrics)
    {
        Column fixedOld = rollout.Policy.Graph.Constant(rollout.Old ?? rollout.Policy.Values);
        Column logRatio = rollout.Policy - fixedOld;
        double[] lengths = rollout.Lengths();
        if (options.LossType == "gmpo") return Gmpo(rollout, logRatio, lengths, options, metrics);
        if (options.SequenceLevel) logRatio = rollout.Spread(RowSums(rollout, logRatio) / Counts(rollout, lengths));
        Column ratio = logRatio.Exp(), advantages = rollout.Spread(rollout.Advantages);
        Column perToken = PerToken(rollout, options, ratio, logRatio, advantages, metrics);
        if (options.OffPolicyMaskThreshold is { } threshold) perToken *= OffPolicyMask(rollout, fixedOld, threshold);
        if (options.TopEntropyQuantile < 1) perToken *= EntropyMask(rollout, options.TopEntropyQuantile);
        if (options.Beta != 0) perToken += options.Beta * Kl(rollout, options, ratio, metrics);
        (Column sum, double weight) = Reduce(rollout, perToken, lengths, options);
        if (rollout.Entropy is not null)
        {
            double entropy = rollout.Mean(i => rollout.Entropy[i]);
            metrics.Add("entropy", entropy, rollout.Tokens);
            if (options.EntropyCoef != 0)
            {
                metrics.Add("policy_loss", sum.Values[0] / weight, weight);
                metrics.Add("entropy_coef", options.EntropyCoef);
                sum -= options.EntropyCoef * entropy * weight; // the entropies carry no gradient of their own here
            }
        }
        return (sum, weight);
    }

    private static Column PerToken(Rollout rollout, GrpoOptions options, Column ratio, Column logRatio, Column advantages, MetricSums metrics)
    {
        switch (options.LossType)
        {
            case "cispo": // MiniMax-M1, arXiv:2506.13585: bounded weights, gradient of log p everywhere
                metrics.Add("cispo_clip_ratio", rollout.Mean(i => ratio.Values[i] > options.High && advantages.Values[i] > 0 ? 1 : 0), rollout.Tokens);
                return -(ratio.Clamp(0, options.High).Detach() * advantages * rollout.Policy);
            case "sapo":
                Column temperature = advantages.Map(a => a > 0 ? SapoPositive : SapoNegative, (_, _) => 0);
                return -((temperature * (ratio - 1)).Sigmoid() * 4 / temperature * advantages);
            case "vespo":
                double[] phi = VespoWeights(rollout, logRatio.Values);
                metrics.Add("vespo/phi_seq_mean", phi.Average(), rollout.Rows);
                return -(rollout.Spread(phi) * advantages * rollout.Policy);
            default:
                Column capped = options.Delta is { } delta ? ratio.Clamp(0, delta) : ratio;
                AddClipMetrics(rollout, capped, advantages, options, metrics);
                return -Column.Min(capped * advantages, ratio.Clamp(1 - options.Epsilon, 1 + options.High) * advantages);
        }
    }

    private static (Column Sum, double Weight) Reduce(Rollout rollout, Column perToken, double[] lengths, GrpoOptions options)
    {
        Column rows = RowSums(rollout, perToken);
        Column sum = options.LossType is "grpo" or "sapo" ? (rows / Counts(rollout, lengths)).Sum() : rows.Sum();
        return (sum, Math.Max(1, Weight(rollout.Rows, rollout.Tokens, options)));
    }

    /// <summary>What the sum over completions is divided by.</summary>
    internal static double Weight(double rows, double tokens, GrpoOptions options) => options.LossType switch
    {
        "grpo" or "sapo" or "luspo" or "gmpo" => rows,
        "dr_grpo" => rows * options.MaxCompletionLength,
        _ => tokens, // bnpo, dapo, cispo, vespo
    };

    /// <summary>k3 = e^d − d − 1 with d = log π_ref − log π: Schulman 2020; times the ratio where asked.</summary>
    private static Column Kl(Rollout rollout, GrpoOptions options, Column ratio, MetricSums metrics)
    {
        double[] reference = rollout.Reference ?? throw new InvalidOperationException("a KL term needs reference log-probabilities");
        Column difference = rollout.Policy.Graph.Constant(reference) - rollout.Policy;
        Column kl = difference.Exp() - difference - 1;
        if (options.UseBiasCorrectionKl) kl *= ratio;
        metrics.Add("kl", rollout.Mean(i => kl.Values[i]), rollout.Tokens);
        return kl;
    }

    /// <summary>
    /// Geometric-mean policy optimisation, Zhao et al., arXiv:2507.20673: the ratio of a completion is the geometric mean of its
    /// tokens' ratios, each bounded in log space on the side where it would gain.
    /// </summary>
    private static (Column Sum, double Weight) Gmpo(Rollout rollout, Column logRatio, double[] lengths, GrpoOptions options, MetricSums metrics)
    {
        Column signs = rollout.Spread([.. rollout.Advantages.Select(a => a > 0 ? 1.0 : -1)]);
        Column bounded = signs * Column.Min(signs * logRatio, signs * logRatio.Clamp(-options.Epsilon, options.High));
        Column ratios = (RowSums(rollout, bounded) / Counts(rollout, lengths)).Exp();
        Column loss = -(ratios * rollout.Policy.Graph.Constant(rollout.Advantages));
        if (options.Beta != 0)
            loss += options.Beta * RowSums(rollout, Kl(rollout, options with { UseBiasCorrectionKl = false }, ratios, metrics)) / Counts(rollout, lengths);
        double[] values = logRatio.Values;
        AddRatioMetrics(rollout, metrics,
            i => values[i] < -options.Epsilon && rollout.Advantages[rollout.Row[i]] < 0, i => values[i] > options.High && rollout.Advantages[rollout.Row[i]] > 0);
        return (loss.Sum(), rollout.Rows);
    }

    /// <summary>φ = e^{λ + k log w − λ w} of the completion's ratio w, with (k, λ) = (2, 3) for good and (3, 2) for bad completions.</summary>
    private static double[] VespoWeights(Rollout rollout, double[] logRatio)
    {
        double[] sums = new double[rollout.Rows];
        for (int i = 0; i < logRatio.Length; i++)
            if (rollout.Row[i] >= 0) sums[rollout.Row[i]] += Math.Clamp(logRatio[i], -20, 20);
        return [.. sums.Select((s, r) =>
        {
            double log = Math.Clamp(s, -20, 20);
            (double k, double lambda) = rollout.Advantages[r] >= 0 ? (2, 3) : (3, 2);
            return Math.Exp(lambda + k * log - lambda * Math.Exp(log));
        })];
    }

    /// <summary>[tokens] 0 for completions with negative advantage whose mean log π_old/π exceeds the threshold.</summary>
    private static Column OffPolicyMask(Rollout rollout, Column old, double threshold)
    {
        double[] distance = rollout.RowMeans(i => old.Values[i] - rollout.Policy.Values[i]);
        return rollout.Spread([.. distance.Select((d, r) => rollout.Advantages[r] < 0 && d > threshold ? 0.0 : 1)]);
    }

    /// <summary>[tokens] 1 for the share of tokens with the highest entropy; the bound is interpolated between tokens and rounded to single.</summary>
    private static Column EntropyMask(Rollout rollout, double share)
    {
        double[] entropy = rollout.Entropy ?? throw new InvalidOperationException("an entropy mask needs entropies");
        double[] sorted = [.. entropy.Where((_, i) => rollout.Row[i] >= 0).Order()];
        double place = (1 - share) * (sorted.Length - 1);
        int below = (int)Math.Floor(place);
        float bound = sorted.Length == 0 ? 0 : (float)(sorted[below] + (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]) * (place - below));
        return rollout.Policy.Graph.Constant([.. entropy.Select((e, i) => rollout.Row[i] >= 0 && e >= bound ? 1.0 : 0)]);
    }

    private static void AddClipMetrics(Rollout rollout, Column ratio, Column advantages, GrpoOptions options, MetricSums metrics)
    {
        bool Low(int i) => ratio.Values[i] < 1 - options.Epsilon && advantages.Values[i] < 0;
        bool High(int i) => ratio.Values[i] > 1 + options.High && advantages.Values[i] > 0;
        if (!options.SequenceLevel)
        {
            AddRatioMetrics(rollout, metrics, Low, High);
            return;
        }
        // One ratio a completion: means run over completions.
        int[] first = [.. Enumerable.Range(0, rollout.Rows).Select(r => Array.IndexOf(rollout.Row, r)).Where(i => i >= 0)];
        AddRatios(metrics, [.. first.Select(i => Low(i) ? 1.0 : 0)], [.. first.Select(i => High(i) ? 1.0 : 0)],
            first.Average(i => Low(i) ? 1.0 : 0), first.Average(i => High(i) ? 1.0 : 0), rollout.Rows);
    }

    private static void AddRatioMetrics(Rollout rollout, MetricSums metrics, Func<int, bool> low, Func<int, bool> high) => AddRatios(
        metrics, rollout.RowMeans(i => low(i) ? 1 : 0), rollout.RowMeans(i => high(i) ? 1 : 0), rollout.Mean(i => low(i) ? 1 : 0), rollout.Mean(i => high(i) ? 1 : 0), rollout.Tokens);

    private static void AddRatios(MetricSums metrics, double[] lowRows, double[] highRows, double low, double high, double weight)
    {
        metrics.Add("clip_ratio/low_mean", low, weight);
        metrics.Add("clip_ratio/low_min", lowRows.Min(), weight);
        metrics.Add("clip_ratio/high_mean", high, weight);
        metrics.Add("clip_ratio/high_max", highRows.Max(), weight);
        metrics.Add("clip_ratio/region_mean", low + high, weight);
    }

    private static Column RowSums(Rollout rollout, Column tokens) => tokens.GroupSum(rollout.Row, rollout.Rows);

    private static Column Counts(Rollout rollout, double[] lengths) => rollout.Policy.Graph.Constant([.. lengths.Select(l => Math.Max(1, l))]);
}

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>What advantages of a group are divided by.</summary>
public enum RewardScale
{
    /// <summary>The standard deviation inside the group: GRPO, Shao et al., arXiv:2402.03300.</summary>
    Group,

    /// <summary>That of the whole batch.</summary>
    Batch,

    /// <summary>Nothing: Dr. GRPO, Liu et al., arXiv:2503.20783.</summary>
    None,
}

/// <summary>How several rewards become one advantage.</summary>
public enum RewardAggregation
{
    /// <summary>Weighted sum first.</summary>
    SumThenNormalize,

    /// <summary>Each reward is standardised in its group, then summed, then standardised over the batch.</summary>
    NormalizeThenSum,
}

/// <summary>
/// Advantages of completions relative to those of the same prompt. Completions of one prompt lie next to each other. A reward that is
/// NaN was not given; a completion without any has advantage 0 and stays out of the statistics.
/// </summary>
public static class GroupAdvantages
{
    private const double Epsilon = 1e-4;

    /// <summary>GRPO's advantages, [completions].</summary>
    /// <param name="rewards">[functions][completions], NaN where a function gave none.</param>
    /// <param name="group">Completions per prompt.</param>
    /// <param name="scale">Divisor.</param>
    /// <param name="weights">[functions], or null for 1 each.</param>
    /// <param name="aggregation">How several rewards are joined.</param>
    public static double[] Grpo(
        IReadOnlyList<double[]> rewards, int group, RewardScale scale, double[]? weights = null, RewardAggregation aggregation = RewardAggregation.SumThenNormalize)
    {
        if (aggregation == RewardAggregation.NormalizeThenSum)
        {
            double[][] standardised = [.. rewards.Select(r => Standardised(r, group, RewardScale.Group))];
            double[] sum = Total(standardised, weights);
            return Zeroed(Standardised(sum, sum.Length, RewardScale.Group), Total(rewards, weights));
        }
        double[] total = Total(rewards, weights);
        return Zeroed(Standardised(total, group, scale), total);
    }

    /// <summary>The weighted sum over functions, NaN where no function gave anything, [completions].</summary>
    public static double[] Total(IReadOnlyList<double[]> rewards, double[]? weights = null)
    {
        double[] total = new double[rewards[0].Length];
        for (int i = 0; i < total.Length; i++)
        {
            bool any = false;
            for (int f = 0; f < rewards.Count; f++)
            {
                if (double.IsNaN(rewards[f][i])) continue;
                total[i] += (weights?[f] ?? 1) * rewards[f][i];
                any = true;
            }
            if (!any) total[i] = double.NaN;
        }
        return total;
    }

    /// <summary>
    /// Leave-one-out: reward less the mean of the others of the group. Ahmadian et al., arXiv:2402.14740. With
    /// <paramref name="normalise"/> standardised over the batch.
    /// </summary>
    public static double[] LeaveOneOut(double[] rewards, int group, bool normalise)
    {
        double[] advantages = new double[rewards.Length];
        for (int start = 0; start < rewards.Length; start += group)
        {
            double[] given = [.. rewards.Skip(start).Take(group).Where(r => !double.IsNaN(r))];
            for (int i = start; i < start + group; i++)
                advantages[i] = given.Length < 2 ? double.NaN : rewards[i] - (given.Sum() - rewards[i]) / (given.Length - 1);
        }
        if (!normalise) return Zeroed(advantages, rewards);
        (double mean, double deviation) = Moments(advantages);
        return Zeroed([.. advantages.Select(a => (a - mean) / (deviation + Epsilon))], rewards);
    }

    /// <summary>Reward less that of the prompt's greedy completion: ReMax, Li et al., arXiv:2310.10505. 0 where one of them is missing.</summary>
    /// <param name="rewards">[completions].</param>
    /// <param name="greedy">[prompts].</param>
    /// <param name="group">Completions per prompt.</param>
    public static double[] AgainstGreedy(double[] rewards, double[] greedy, int group) =>
        [.. rewards.Select((r, i) => r - greedy[i / group]).Select(a => double.IsNaN(a) ? 0 : a)];

    /// <summary>Mean and sample standard deviation of the numbers that are given; the deviation of fewer than two is 0.</summary>
    public static (double Mean, double Deviation) Moments(IEnumerable<double> values)
    {
        double[] given = [.. values.Where(v => !double.IsNaN(v))];
        if (given.Length == 0) return (double.NaN, 0);
        double mean = given.Average();
        return (mean, given.Length < 2 ? 0 : Math.Sqrt(given.Sum(v => (v - mean) * (v - mean)) / (given.Length - 1)));
    }

    /// <summary>Share of groups whose rewards are all the same, so that they teach nothing.</summary>
    public static double ZeroDeviationShare(double[] total, int group, RewardScale scale)
    {
        double[][] groups = scale == RewardScale.Batch ? [total] : [.. total.Chunk(group)];
        return groups.Count(IsFlat) / (double)groups.Length;
    }

    /// <summary>At least two rewards, all the same.</summary>
    private static bool IsFlat(double[] rewards) => rewards.Count(r => !double.IsNaN(r)) > 1 && Moments(rewards).Deviation < 1e-8;

    private static double[] Standardised(double[] values, int group, RewardScale scale)
    {
        double batch = Moments(values).Deviation;
        double[] result = new double[values.Length];
        for (int start = 0; start < values.Length; start += group)
        {
            (double mean, double own) = Moments(values.Skip(start).Take(group));
            double divisor = scale switch { RewardScale.Group => own + Epsilon, RewardScale.Batch => batch + Epsilon, _ => 1 };
            for (int i = start; i < Math.Min(start + group, values.Length); i++) result[i] = (values[i] - mean) / divisor;
        }
        return result;
    }

    private static double[] Zeroed(double[] advantages, double[] total) => [.. advantages.Select((a, i) => double.IsNaN(total[i]) || double.IsNaN(a) ? 0 : a)];
}

using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>Rewards and advantages of single tokens. Tables are [completions][tokens]; masked tokens are passed over.</summary>
public static class TokenAdvantages
{
    /// <summary>
    /// −coefficient · KL estimate at every token, and the completion's reward added at its last token. Estimates of l = log π − log π_ref:
    /// k1 = l, k2 = l² / 2, k3 = e^{−l} + l − 1.
    /// </summary>
    /// <param name="policy">Log-probabilities when sampled.</param>
    /// <param name="reference">The reference's.</param>
    /// <param name="mask">1 where a token counts.</param>
    /// <param name="rewards">[completions].</param>
    /// <param name="coefficient">Weight of the KL.</param>
    /// <param name="estimator">Name of one of <see cref="KlEstimators"/>.</param>
    public static double[][] Rewards(double[][] policy, double[][] reference, double[][] mask, double[] rewards, double coefficient, string estimator = "k1")
    {
        double[][] result = [.. policy.Select((row, r) => row.Select((p, t) => mask[r][t] == 0 ? 0 : -coefficient * KlEstimate(p - reference[r][t], estimator)).ToArray())];
        for (int r = 0; r < result.Length; r++)
            if (Array.FindLastIndex(mask[r], m => m != 0) is >= 0 and int last) result[r][last] += rewards[r];
        return result;
    }

    /// <summary>One estimate of the KL divergence; see <see cref="KlEstimators"/>.</summary>
    public static double KlEstimate(double logRatio, string estimator) => KlEstimators.Of(new ColumnGraph().Constant(logRatio), estimator).Values[0];

    /// <summary>Generalised advantage estimation: Schulman et al., arXiv:1506.02438, equation 16; and returns = advantage + value.</summary>
    public static (double[][] Advantages, double[][] Returns) Gae(double[][] rewards, double[][] values, double[][] mask, double gamma, double lambda)
    {
        double[][] advantages = [.. rewards.Select(r => new double[r.Length])], returns = [.. rewards.Select(r => new double[r.Length])];
        for (int r = 0; r < rewards.Length; r++)
        {
            double next = 0, running = 0;
            for (int t = rewards[r].Length - 1; t >= 0; t--)
            {
                if (mask[r][t] == 0) continue;
                running = rewards[r][t] + gamma * next - values[r][t] + gamma * lambda * running;
                next = values[r][t];
                advantages[r][t] = running;
                returns[r][t] = running + values[r][t];
            }
        }
        return (advantages, returns);
    }

    /// <summary>Discounted sums of the rewards from each token on.</summary>
    public static double[][] Returns(double[][] rewards, double[][] mask, double gamma) =>
        Gae(rewards, [.. rewards.Select(r => new double[r.Length])], mask, gamma, 1).Advantages;

    /// <summary>(x − mean) / √(variance + 1e-8) over all tokens that count.</summary>
    /// <param name="values">Numbers.</param>
    /// <param name="mask">1 where a token counts.</param>
    /// <param name="isSample">Variance with n − 1 (PPO) rather than n (REINFORCE++).</param>
    /// <param name="keepMean">Add the mean back.</param>
    public static double[][] Whiten(double[][] values, double[][] mask, bool isSample = true, bool keepMean = false)
    {
        double[] counted = [.. values.SelectMany((row, r) => row.Where((_, t) => mask[r][t] != 0))];
        double mean = counted.Average(), variance = counted.Sum(v => (v - mean) * (v - mean)) / Math.Max(1, counted.Length - (isSample ? 1 : 0));
        double scale = 1 / Math.Sqrt(variance + 1e-8);
        return [.. values.Select((row, r) => row.Select((v, t) => mask[r][t] == 0 ? 0 : (v - mean) * scale + (keepMean ? mean : 0)).ToArray())];
    }

    /// <summary>The KL coefficient after one step of a proportional controller: Ziegler et al., arXiv:1909.08593, section 2.2.</summary>
    public static double AdaptKlCoefficient(double coefficient, double kl, int samples, double target, double horizon) =>
        coefficient * (1 + Math.Clamp(kl / target - 1, -0.2, 0.2) * samples / horizon);
}

using Hone.Core;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>
/// Estimates of KL(π ‖ π_ref) from the log-ratio l = log π − log π_ref of a token drawn from π: Schulman, "Approximating KL divergence",
/// 2020. k1 and k3 are right on average; k3 is never negative and varies less; k2 is biased.
/// </summary>
public static class KlEstimators
{
    private const double RatioBound = 20, K3Bound = 10;

    /// <summary>Every name.</summary>
    public static IReadOnlyList<string> Names { get; } = ["k1", "abs", "k2", "k3", "k3_clamped"];

    /// <summary>The estimates with the way back through them.</summary>
    /// <param name="logRatio">[tokens] l.</param>
    /// <param name="name">k1 = l, abs = |l|, k2 = l² / 2, k3 = e^{−l} − 1 + l, k3_clamped: l within ±20, k3 at most 10.</param>
    /// <exception cref="HoneException">Unknown name.</exception>
    public static Column Of(Column logRatio, string name) => name switch
    {
        "k1" => logRatio,
        "abs" => logRatio.Map(Math.Abs, (x, _) => Math.Sign(x)),
        "k2" => 0.5 * logRatio.Square(),
        "k3" => K3(logRatio),
        "k3_clamped" => K3(logRatio.Clamp(-RatioBound, RatioBound)).Clamp(-K3Bound, K3Bound),
        _ => throw HoneException.Unknown("KL estimator", name, Names),
    };

    private static Column K3(Column l) => (-l).Exp() - 1 + l;
}

/// <summary>
/// Weights for completions that were sampled from another distribution than the one trained, such as an engine with other kernels:
/// ratio = e^{log π_train − log π_rollout}, bounded so that no token rules the update. Yao et al., "Your Efficient RL Framework Secretly
/// Brings You Off-Policy RL Training", 2025.
/// </summary>
public static class RolloutCorrection
{
    /// <summary>[tokens] ratios, none above the cap.</summary>
    public static double[] TruncatedTokens(double[] train, double[] rollout, double cap) => [.. Ratios(train, rollout).Select(r => Math.Min(r, cap))];

    /// <summary>[tokens] ratios, 0 where they are above the cap.</summary>
    public static double[] MaskedTokens(double[] train, double[] rollout, double cap) => [.. Ratios(train, rollout).Select(r => r > cap ? 0 : r)];

    /// <summary>The ratio of the whole completion, at most the cap.</summary>
    public static double TruncatedSequence(double[] train, double[] rollout, double cap) => Math.Min(cap, Math.Exp(train.Zip(rollout, (t, r) => t - r).Sum()));

    private static IEnumerable<double> Ratios(double[] train, double[] rollout) => train.Zip(rollout, (t, r) => Math.Exp(t - r));
}

using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>How a policy imitates token rewards.</summary>
public enum RewardImitation
{
    /// <summary>Least squares between its own implicit reward and the given one.</summary>
    Regress,

    /// <summary>Clipped policy gradient with the difference as advantage.</summary>
    Pg,

    /// <summary>The whole next-token distribution of the estimator: KL(π‖π̃*).</summary>
    Full,
}

/// <summary>
/// Reward imitation over single tokens. In the token-level decision process the optimal policy is a reward itself: β log(π*/π_ref) = r + V(s') − V(s).
/// Xia et al., "Inverse-Q*", arXiv:2408.14874, for the idea; the losses are built here from that identity, since the paper's were not seen.
/// </summary>
public static class InverseQLoss
{
    /// <summary>[tokens] β (log π̃* − log π_ref), bounded to ± clip · β.</summary>
    /// <param name="estimate">[tokens] log π̃* of the sampled tokens.</param>
    /// <param name="reference">[tokens] log π_ref.</param>
    /// <param name="beta">Strength of the pull to the reference.</param>
    /// <param name="clip">Bound in units of β; infinity for none.</param>
    public static double[] Rewards(double[] estimate, double[] reference, double beta, double clip) =>
        [.. estimate.Zip(reference, (e, r) => Math.Clamp(beta * (e - r), -clip * beta, clip * beta))];

    /// <summary>[tokens] (β (log π − log π_ref) − r̂)². Its expected gradient on the policy's own samples is 2 β² ∇KL(π‖π̃*).</summary>
    public static Column Regress(Column policy, double[] reference, double[] rewards, double beta) =>
        (beta * (policy - policy.Graph.Constant(reference)) - policy.Graph.Constant(rewards)).Square();

    /// <summary>[tokens] PPO's clipped surrogate with the advantage r̂ − β log(π/π_ref), itself without a gradient: no critic is needed.</summary>
    /// <param name="policy">[tokens] log π.</param>
    /// <param name="old">[tokens] log π when the tokens were sampled.</param>
    /// <param name="reference">[tokens] log π_ref.</param>
    /// <param name="rewards">[tokens] r̂.</param>
    /// <param name="beta">Strength of the pull to the reference.</param>
    /// <param name="epsilon">Bound of the ratio.</param>
    public static Column PolicyGradient(Column policy, double[] old, double[] reference, double[] rewards, double beta, double epsilon)
    {
        ColumnGraph graph = policy.Graph;
        Column advantage = graph.Constant(rewards) - beta * (policy.Detach() - graph.Constant(reference));
        Column ratio = (policy - graph.Constant(old)).Exp();
        return -Column.Min(ratio * advantage, ratio.Clamp(1 - epsilon, 1 + epsilon) * advantage);
    }
}

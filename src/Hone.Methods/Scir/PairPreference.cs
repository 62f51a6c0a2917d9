using Hone.Training.Objectives.Values;

namespace Hone.Methods.Scir;

/// <summary>What one reward of the model thinks of pairs: log-probabilities that the first, or the second, answer is better. [pairs] each.</summary>
/// <param name="LogFirst">log p.</param>
/// <param name="LogSecond">log (1 − p).</param>
public sealed record PairPreference(Column LogFirst, Column LogSecond)
{
    private const double LogitBound = 30; // beyond it a probability is 1 in every digit that counts

    /// <summary>p of each pair.</summary>
    public double[] First => [.. LogFirst.Values.Select(Math.Exp)];

    /// <summary>The same without a way back: a teacher.</summary>
    public PairPreference Detached => new(LogFirst.Detach(), LogSecond.Detach());

    /// <summary>From log-odds, which are bounded by ±30.</summary>
    public static PairPreference FromLogit(Column logit)
    {
        Column bounded = logit.Clamp(-LogitBound, LogitBound);
        return new(bounded.LogSigmoid(), (-bounded).LogSigmoid());
    }

    /// <summary>From probabilities, strictly between 0 and 1.</summary>
    public static PairPreference FromProbability(Column p) => new(p.Log(), (1 - p).Log());

    /// <summary>
    /// From a judge that was shown both orders: p = ½ [σ(d₁₂) + 1 − σ(d₂₁)], where d is the difference of the logits of its two verdicts.
    /// A judge that always names the same place gets exactly ½.
    /// </summary>
    /// <param name="asGiven">[pairs] logit of "the first shown" less that of "the second shown", answers in their order.</param>
    /// <param name="swapped">[pairs] the same with the answers exchanged.</param>
    public static PairPreference FromBothOrders(Column asGiven, Column swapped)
    {
        (Column a, Column b) = (asGiven.Clamp(-LogitBound, LogitBound), swapped.Clamp(-LogitBound, LogitBound));
        return new((0.5 * (a.Sigmoid() + (-b).Sigmoid())).Log(), (0.5 * ((-a).Sigmoid() + b.Sigmoid())).Log());
    }
}

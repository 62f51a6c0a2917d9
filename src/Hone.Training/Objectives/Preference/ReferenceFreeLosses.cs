using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>Settings of CPO, SimPO and AlphaPO; names and defaults are TRL's CPOConfig's.</summary>
public sealed record CpoOptions : ICheckedOptions
{
    [Description("factor on the difference of the log-probabilities")]
    [Limits(Above = 0)]
    public double Beta { get; init; } = 0.1;

    [Description("sigmoid, hinge, ipo or simpo")]
    public string LossType { get; init; } = "sigmoid";

    [Description("weight of the chosen answers' negative log-likelihood")]
    [Limits(AtLeast = 0)]
    public double CpoAlpha { get; init; } = 1;

    [Description("simpo: margin asked for")]
    [Limits(AtLeast = 0)]
    public double SimpoGamma { get; init; } = 0.5;

    [Description("share of labels taken to be wrong")]
    [Limits(AtLeast = 0, Below = 0.5)]
    public double LabelSmoothing { get; init; }

    [Description("AlphaPO: rewards (1 - p^-alpha) / alpha instead of log p, arXiv:2501.03884; 0 for none")]
    public double Alpha { get; init; }

    /// <inheritdoc/>
    public void Check()
    {
        string[] known = ["sigmoid", "hinge", "ipo", "simpo"];
        if (!known.Contains(LossType)) throw HoneException.Unknown("loss type", LossType, known);
    }
}

/// <summary>Losses over pairs that need no reference policy.</summary>
public static class ReferenceFreeLosses
{
    /// <summary>Whether the loss takes log-probabilities per token rather than sums.</summary>
    public static bool IsPerToken(CpoOptions options) => options.LossType is "ipo" or "simpo";

    /// <summary>
    /// [pairs]: CPO, Xu et al., arXiv:2401.08417, or SimPO, Meng et al., arXiv:2405.14734, whose γ is the margin itself, so that inside β(…)
    /// it stands as γ/β.
    /// </summary>
    /// <param name="chosen">[pairs] log-probabilities, per token where <see cref="IsPerToken"/>.</param>
    /// <param name="rejected">[pairs].</param>
    /// <param name="options">Settings.</param>
    public static (Column Loss, Column ChosenReward, Column RejectedReward) Cpo(Column chosen, Column rejected, CpoOptions options)
    {
        (Column better, Column worse) = (Transformed(chosen, options.Alpha), Transformed(rejected, options.Alpha));
        Column logits = better - worse;
        if (options.LossType == "simpo") logits -= options.SimpoGamma / options.Beta;
        Column loss = options.LossType switch
        {
            "hinge" => (1 - options.Beta * logits).Relu(),
            "ipo" => (logits - 1 / (2 * options.Beta)).Square(),
            _ => -(1 - options.LabelSmoothing) * (options.Beta * logits).LogSigmoid() - options.LabelSmoothing * (-options.Beta * logits).LogSigmoid(),
        };
        return (loss, options.Beta * better, options.Beta * worse);
    }

    /// <summary>
    /// [pairs]: −λ log σ(log odds ratio), to be added to the negative log-likelihood of the chosen rows. Hong et al., "ORPO",
    /// arXiv:2403.07691, equations 6 and 7.
    /// </summary>
    /// <param name="chosen">[pairs] log-probabilities per token.</param>
    /// <param name="rejected">[pairs].</param>
    /// <param name="beta">λ.</param>
    public static (Column Loss, Column LogOdds, Column LogOddsRatio) Orpo(Column chosen, Column rejected, double beta)
    {
        Column odds = chosen - rejected - (chosen.Log1MinusExp() - rejected.Log1MinusExp());
        Column ratio = odds.LogSigmoid();
        return (-beta * ratio, odds, ratio);
    }

    private static Column Transformed(Column logProbability, double alpha) => alpha == 0 ? logProbability : (1 - (-alpha * logProbability).Exp()) / alpha;
}

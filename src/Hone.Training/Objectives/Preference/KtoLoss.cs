using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>Settings of KTO; names and defaults are TRL's KTOConfig's.</summary>
public sealed record KtoOptions : ICheckedOptions
{
    [Description("strength of the pull to the reference")]
    [Limits(Above = 0)]
    public double Beta { get; init; } = 0.1;

    [Description("kto or apo_zero_unpaired")]
    public string LossType { get; init; } = "kto";

    [Description("weight of good answers")]
    [Limits(AtLeast = 0)]
    public double DesirableWeight { get; init; } = 1;

    [Description("weight of bad answers")]
    [Limits(AtLeast = 0)]
    public double UndesirableWeight { get; init; } = 1;

    /// <inheritdoc/>
    public void Check()
    {
        string[] known = ["kto", "apo_zero_unpaired"];
        if (!known.Contains(LossType)) throw HoneException.Unknown("loss type", LossType, known);
    }
}

/// <summary>Learning from single judged answers: Ethayarajh et al., "KTO", arXiv:2402.01306, equation 8.</summary>
public static class KtoLoss
{
    /// <summary>max(0, mean of the log-ratios of mismatched answers): the estimate of the KL divergence, through which no gradient flows.</summary>
    public static double Kl(IReadOnlyList<double> mismatchedRatios) => mismatchedRatios.Count == 0 ? 0 : Math.Max(0, mismatchedRatios.Average());

    /// <summary>[rows].</summary>
    /// <param name="ratios">[rows] log π/π_ref.</param>
    /// <param name="isGood">[rows].</param>
    /// <param name="kl">From <see cref="Kl"/>; not used by apo_zero_unpaired.</param>
    /// <param name="options">Settings.</param>
    public static Column PerRow(Column ratios, IReadOnlyList<bool> isGood, double kl, KtoOptions options)
    {
        double shift = options.LossType == "kto" ? kl : 0;
        Column sign = ratios.Graph.Constant([.. isGood.Select(g => g ? 1.0 : -1.0)]);
        Column weight = ratios.Graph.Constant([.. isGood.Select(g => g ? options.DesirableWeight : options.UndesirableWeight)]);
        return weight * (1 - (options.Beta * sign * (ratios - shift)).Sigmoid());
    }
}

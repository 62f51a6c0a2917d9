using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>Settings of the clipped losses of PPO and REINFORCE++; names and defaults are TRL's PPOConfig's.</summary>
public sealed record PpoOptions
{
    [Description("ratios of new to old probability may move this far from 1")]
    [Limits(Above = 0)]
    public double Cliprange { get; init; } = 0.2;

    [Description("cap of the loss where the advantage is negative, as a multiple of it: arXiv:1912.09729; none when left out")]
    [Limits(Above = 1)]
    public double? DualClip { get; init; }

    [Description("values may move this far from those at sampling")]
    [Limits(Above = 0)]
    public double CliprangeValue { get; init; } = 0.2;

    [Description("weight of the value loss")]
    [Limits(AtLeast = 0)]
    public double VfCoef { get; init; } = 0.1;

    [Description("let the value loss shape the policy's hidden states too; off, it trains the value head alone")]
    public bool ShareTrunk { get; init; } = true;
}

/// <summary>How rewards become advantages of tokens; names and defaults are TRL's PPOConfig's.</summary>
public sealed record TokenRewardOptions : ICheckedOptions
{
    [Description("weight of the KL divergence to the reference, taken off every token's reward; 0 needs no reference")]
    [Alias("beta")]
    [Limits(AtLeast = 0)]
    public double KlCoef { get; init; } = 0.05;

    [Description("estimate of the KL divergence: k1, k2, k3, k3_clamped or abs")]
    public string KlEstimator { get; init; } = "k1";

    [Description("adapt kl_coef towards this KL divergence of a completion, in nats: arXiv:1909.08593; 0 keeps it fixed")]
    [Limits(AtLeast = 0)]
    public double TargetKl { get; init; }

    [Description("completions over which kl_coef adapts")]
    [Limits(Above = 0)]
    public double KlHorizon { get; init; } = 10000;

    [Description("discount of later rewards")]
    [Limits(AtLeast = 0, AtMost = 1)]
    public double Gamma { get; init; } = 1;

    [Description("lambda of generalised advantage estimation: arXiv:1506.02438")]
    [Limits(AtLeast = 0, AtMost = 1)]
    public double Lam { get; init; } = 0.95;

    [Description("standardise token rewards over the batch, keeping their mean")]
    public bool WhitenRewards { get; init; }

    [Description("standardise advantages over the batch")]
    public bool WhitenAdvantages { get; init; } = true;

    /// <inheritdoc/>
    public void Check()
    {
        if (!KlEstimators.Names.Contains(KlEstimator)) throw HoneException.Unknown("KL estimator", KlEstimator, KlEstimators.Names);
    }
}

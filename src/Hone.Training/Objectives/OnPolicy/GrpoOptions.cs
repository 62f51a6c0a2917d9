using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>Settings of GRPO and its variants; names and meaning are TRL's GRPOConfig's.</summary>
public sealed record GrpoOptions : ICheckedOptions
{
    [Description("grpo, bnpo, dr_grpo, dapo, cispo, luspo, sapo, vespo or gmpo: what is averaged over what, and how ratios are bounded")]
    public string LossType { get; init; } = "dapo";

    [Description("weight of the KL divergence to the reference; 0 needs no reference")]
    [Limits(AtLeast = 0)]
    public double Beta { get; init; }

    [Description("ratios may fall this far below 1")]
    [Limits(Above = 0)]
    public double Epsilon { get; init; } = 0.2;

    [Description("ratios may rise this far above 1; epsilon when left out. For cispo the largest ratio itself")]
    public double? EpsilonHigh { get; init; }

    [Description("largest ratio of the unclipped term; none when left out")]
    public double? Delta { get; init; }

    [Description("one ratio for a whole completion instead of one per token: GSPO, arXiv:2507.18071")]
    public bool SequenceLevel { get; init; }

    [Description("multiply the KL estimate by the ratio, which makes it unbiased off policy")]
    public bool UseBiasCorrectionKl { get; init; } = true;

    [Description("share of the tokens with the highest entropy that are learnt from: arXiv:2506.01939")]
    [Limits(Above = 0, AtMost = 1)]
    public double TopEntropyQuantile { get; init; } = 1;

    [Description("completions with negative advantage further than this from the policy are left out; none when left out")]
    public double? OffPolicyMaskThreshold { get; init; }

    [Description("weight of the entropy bonus")]
    public double EntropyCoef { get; init; }

    [Description("dr_grpo: tokens each completion counts as")]
    [Limits(AtLeast = 1)]
    public int MaxCompletionLength { get; init; } = 256;

    /// <summary>Every loss type.</summary>
    public static IReadOnlyList<string> LossTypes { get; } = ["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "luspo", "sapo", "vespo", "gmpo"];

    /// <summary>Whether a completion with advantage 0 adds nothing to the loss.</summary>
    internal bool IsZeroWithoutAdvantage => Beta == 0 && EntropyCoef == 0 && TopEntropyQuantile == 1;

    /// <summary>The upper bound's distance.</summary>
    public double High => EpsilonHigh ?? Epsilon;

    /// <inheritdoc/>
    public void Check()
    {
        if (!LossTypes.Contains(LossType)) throw HoneException.Unknown("loss type", LossType, LossTypes);
    }
}

using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;

namespace Hone.Training.Objectives.Preference;

/// <summary>Which divergence keeps the policy near its reference: Wang et al., "Beyond Reverse KL", arXiv:2309.16240.</summary>
public enum FDivergence
{
    ReverseKl,
    ForwardKl,
    JsDivergence,
    AlphaDivergence,
}

/// <summary>Settings of the losses over pairs; names, defaults and meaning are TRL's DPOConfig's.</summary>
public sealed record PreferenceOptions : ICheckedOptions
{
    [Description("strength of the pull to the reference; for ipo the target margin is 1 / (2 beta)")]
    [Limits(Above = 0)]
    public double Beta { get; init; } = 0.1;

    [Description("one or several losses, comma-separated: sigmoid, hinge, ipo, robust, exo_pair, nca_pair, bco_pair, sppo_hard, aot, aot_unpaired, apo_zero, apo_down, discopop, sft, sigmoid_norm, cdpo, rdpo, adaptive_nll")]
    public string LossType { get; init; } = "sigmoid";

    [Description("weight of each loss type; 1 each when left out")]
    public IReadOnlyList<double> LossWeights { get; init; } = [];

    [Description("share of labels taken to be wrong (robust, aot, exo_pair, cdpo)")]
    [Limits(AtLeast = 0, Below = 0.5)]
    public double LabelSmoothing { get; init; }

    [Description("divergence from the reference")]
    public FDivergence FDivergenceType { get; init; }

    [Description("alpha of the alpha divergence")]
    public double FAlphaDivergenceCoef { get; init; } = 0.5;

    [Description("weight of what a completion has beyond the length of the shorter one: LD-DPO, arXiv:2409.06411; none when left out")]
    [Limits(AtLeast = 0, AtMost = 1)]
    public double? LdAlpha { get; init; }

    [Description("weight pairs by how likely the policy would write them: WPO, arXiv:2406.11827")]
    public bool UseWeighting { get; init; }

    [Description("temperature of discopop's mixing: arXiv:2406.08414")]
    [Limits(Above = 0)]
    public double DiscopopTau { get; init; } = 0.05;

    [Description("rdpo: margin given for each token that the chosen answer is longer")]
    public double RdpoAlpha { get; init; } = 0.05;

    /// <summary>The loss types in order.</summary>
    public IReadOnlyList<string> LossTypes() => LossType.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <inheritdoc/>
    public void Check()
    {
        IReadOnlyList<string> types = LossTypes();
        if (types.Count == 0) throw new HoneException("loss_type is empty: name a loss, for example sigmoid.");
        foreach (string type in types) _ = PairLosses.Find(type);
        if (LossWeights.Count != 0 && LossWeights.Count != types.Count) throw new HoneException($"{LossWeights.Count} loss_weights for {types.Count} loss types: give one for each.");
        if (types.Contains("exo_pair") && LabelSmoothing == 0) throw new HoneException("exo_pair needs label_smoothing above 0, for example 1e-3.");
        string[] divergent = ["sigmoid", "sigmoid_norm", "hinge", "ipo", "exo_pair", "robust", "discopop", "sft", "adaptive_nll"];
        if (FDivergenceType != FDivergence.ReverseKl && types.FirstOrDefault(t => !divergent.Contains(t)) is { } other)
            throw new HoneException($"loss '{other}' knows only the reverse KL divergence; use one of {string.Join(", ", divergent)}.");
    }
}

using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Methods.Preference;
using Hone.Methods.Tokens;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.Bmc;

/// <summary>The losses that BMC's token weights go with.</summary>
public enum BmcObjectiveKind
{
    Dpo,
    Ipo,
    Rdpo,
    Simpo,
    Orpo,
}

/// <summary>Who edits worse answers into better ones.</summary>
public enum BridgeKind
{
    /// <summary>Nobody: the pairs are used as they are (DPO-MC).</summary>
    None,

    /// <summary>Rules that recompute equations, for arithmetic with visible steps.</summary>
    Rules,

    /// <summary>A chat model.</summary>
    Teacher,
}

/// <summary>Settings of the bridging phase.</summary>
public sealed record BridgeOptions : ICheckedOptions
{
    [Description("who edits worse answers: none, rules (recomputes equations) or teacher (a chat model)")]
    public BridgeKind Bridge { get; init; }

    [Description("the teacher's endpoint: hone:PATH for a local model, http://host:port/v1#model for a server")]
    public string Teacher { get; init; } = "";

    [Description("share of the pairs that is bridged; the rest stays as it is")]
    [Limits(AtLeast = 0, AtMost = 1)]
    public double Fraction { get; init; } = 1;

    [Description("checker that must read the better answer's result from an edited answer; none to trust the editor; chosen from the rows when left out")]
    public string Verify { get; init; } = "";

    [Description("open instructions rather than questions with one right answer: the teacher first thinks of what makes the better answer better")]
    public bool OpenEnded { get; init; }

    [Description("longest edited answer in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxTokens { get; init; } = 1024;

    /// <inheritdoc/>
    public void Check()
    {
        if (Bridge == BridgeKind.Teacher && Teacher.Length == 0) throw new HoneException("bridge teacher needs an endpoint: give teacher, for example hone:models/teacher or http://localhost:8080/v1#name.");
        if (Bridge != BridgeKind.Teacher && Teacher.Length > 0) throw new HoneException($"teacher '{Teacher}' is given, but bridge is {Bridge.ToString().ToLowerInvariant()}; set bridge to teacher.");
    }
}

/// <summary>Settings of <c>hone train bmc</c>.</summary>
[Recipe("bmc")]
public sealed record BmcOptions : ReferencedOptions
{
    public BmcOptions() => Train = new() { Lr = 5e-5, Schedule = "cosine", Warmup = 0.1, Batch = 16 };

    [Description("the loss that gets token weights: dpo, ipo, rdpo, simpo or orpo")]
    public BmcObjectiveKind Objective { get; init; }

    [Description("strength of the pull to the reference; for ipo the target margin is 1 / (2 beta), for orpo the weight of the odds ratio")]
    [Limits(Above = 0)]
    public double Beta { get; init; } = 0.05;

    [Description("simpo: margin asked for")]
    [Limits(AtLeast = 0)]
    public double SimpoGamma { get; init; } = 0.5;

    [Description("rdpo: margin given for each token that the chosen answer is longer")]
    public double RdpoAlpha { get; init; } = 0.05;

    [Description("weights on tokens in which the answers differ")]
    public ConfidenceOptions Weights { get; init; } = new();

    [Description("how answers are laid beside each other: levenshtein (fewest edits) or blocks (longest common stretches)")]
    public DiffKind Diff { get; init; }

    [Description("English function words never count as different; switch off for other languages")]
    public bool IgnoreStopwords { get; init; } = true;

    [Description("the bridging phase")]
    public BridgeOptions Bridging { get; init; } = new();
}

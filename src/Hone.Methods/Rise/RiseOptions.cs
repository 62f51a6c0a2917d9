using System.ComponentModel;
using Hone.Core.Recipes;
using Hone.Methods.Preference;

namespace Hone.Methods.Rise;

/// <summary>Who puts errors into right steps.</summary>
public enum InjectorKind
{
    /// <summary>The model that is trained, as in the paper.</summary>
    Model,

    /// <summary>Rules on the equations of a step.</summary>
    Rules,
}

/// <summary>Which pairs are trained on.</summary>
public enum PairKinds
{
    Both,

    /// <summary>Only whole sampled solutions, right and wrong: plain DPO.</summary>
    Full,

    /// <summary>Only edited steps.</summary>
    Edit,
}

/// <summary>Settings of <c>hone train rise</c>.</summary>
[Recipe("rise")]
public sealed record RiseOptions : ReferencedOptions
{
    public RiseOptions() => Train = new() { Lr = 5e-5, Schedule = "cosine", Warmup = 0.1, Batch = 16 };

    [Description("strength of the pull to the reference; steps are short, so it is larger than for whole answers")]
    [Limits(Above = 0)]
    public double Beta { get; init; } = 0.4;

    [Description("weight of the likelihood of right steps that have become less likely than under the reference; 0 for none")]
    [Limits(AtLeast = 0)]
    public double NllWeight { get; init; } = 1;

    [Description("leave out edited steps that are not near their originals")]
    public bool EditDistanceFilter { get; init; } = true;

    [Description("tokens by which an edited step must differ by less; 0 takes 20, or 15 % of the step where that is more")]
    [Limits(AtLeast = 0)]
    public int MaxEditDistance { get; init; }

    [Description("solutions sampled for each question")]
    [Limits(AtLeast = 2)]
    public int NumGenerations { get; init; } = 5;

    [Description("edited steps for each question")]
    [Limits(AtLeast = 0)]
    public int Edits { get; init; } = 1;

    [Description("pairs trained on: both, full (sampled solutions) or edit (edited steps)")]
    public PairKinds Pairs { get; init; }

    [Description("who puts the errors in: model (the one that is trained) or rules (on equations)")]
    public InjectorKind Injector { get; init; }

    [Description("wording of the request to edit: fenced for models that follow instructions, short for one taught by train rise-teach; by the size of the vocabulary when left out")]
    public EditWording? Wording { get; init; }

    [Description("what a step is: what follows 'Step n:', or a line; whichever the solution has when left out")]
    public StepKind? SplitBy { get; init; }

    [Description("sampling temperature")]
    [Limits(AtLeast = 0)]
    public double Temperature { get; init; } = 0.2;

    [Description("smallest set of tokens with this probability is sampled from")]
    [Limits(Above = 0, AtMost = 1)]
    public double TopP { get; init; } = 0.9;

    [Description("longest solution in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxCompletionLength { get; init; } = 512;

    [Description("checker of the solutions; chosen from the rows when left out")]
    public string Check { get; init; } = "";
}

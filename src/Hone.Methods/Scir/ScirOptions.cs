using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Methods.Supervised;

namespace Hone.Methods.Scir;

/// <summary>Which policy the implicit reward is measured against.</summary>
public enum ScirReference
{
    /// <summary>The model as it was given, in every iteration.</summary>
    Initial,

    /// <summary>The model at the start of the iteration; the implicit reward then starts from nothing each time.</summary>
    Previous,
}

/// <summary>The loss of SCIR. Everything numeric is the method card's design, as the paper's figures were not available.</summary>
public sealed record ScirLossOptions : ICheckedOptions
{
    [Description("rewards that have to agree: judge, implicit, implicit-per-token")]
    public IReadOnlyList<string> Rewards { get; init; } = ["judge", "implicit"];

    [Description("what inconsistency costs: agree, js+h or cross")]
    public string Penalty { get; init; } = "agree";

    [Description("weight of the inconsistency penalty; 0 leaves only the selection")]
    [Limits(AtLeast = 0)]
    public double Gamma { get; init; } = 1;

    [Description("js+h: weight of the entropies")]
    [Limits(AtLeast = 0)]
    public double Eta { get; init; } = 1;

    [Description("DPO's strength, and the scale of the implicit reward")]
    [Limits(Above = 0)]
    public double Beta { get; init; } = 0.1;

    [Description("agreement by side (sign), or by side and distance from one half (tau)")]
    public SelectionRule Select { get; init; }

    [Description("least distance of every reward from one half, for select tau")]
    [Limits(AtLeast = 0, Below = 0.5)]
    public double Tau { get; init; } = 0.05;

    [Description("reward that the penalty does not change, so that it teaches the others; none when left out")]
    public string Freeze { get; init; } = "";

    [Description("who labels pairs: consistent (SCIR), or judge or implicit alone (the baselines)")]
    public LabelSource Labels { get; init; }

    [Description("taken off the implicit reward for each token of an answer")]
    public double LengthPenalty { get; init; }

    [Description("weight of an anchor row against a pair")]
    [Limits(AtLeast = 0)]
    public double AnchorWeight { get; init; } = 1;

    /// <inheritdoc/>
    public void Check()
    {
        _ = InternalRewards.Create(Rewards, Beta, LengthPenalty);
        if (!ConsistencyPenalty.Names.Contains(Penalty)) throw HoneException.Unknown("penalty", Penalty, ConsistencyPenalty.Names);
        if (Freeze.Length > 0 && !Rewards.Contains(Freeze)) throw HoneException.Unknown("reward to freeze", Freeze, Rewards);
        if (!Rewards.Contains("judge")) throw new HoneException("rewards lacks judge, which labels pairs until the implicit reward says something.");
    }
}

/// <summary>Settings of <c>hone train scir</c>.</summary>
[Recipe("scir")]
public sealed record ScirOptions : TrainerOptions
{
    public ScirOptions() => Train = new() { Lr = 5e-7, Batch = 64, Schedule = "constant" };

    [Description("rounds of sampling pairs from the model and learning from them")]
    [Limits(AtLeast = 1)]
    public int Iterations { get; init; } = 3;

    [Description("answers sampled for each prompt; two make a pair")]
    [Limits(AtLeast = 2)]
    public int NumGenerations { get; init; } = 4;

    [Description("longest answer in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxCompletionLength { get; init; } = 256;

    [Description("sampling temperature")]
    [Limits(Above = 0)]
    public double Temperature { get; init; } = 0.8;

    [Description("probability mass sampled from")]
    [Limits(Above = 0, AtMost = 1)]
    public double TopP { get; init; } = 0.9;

    [Description("policy the implicit reward is measured against")]
    public ScirReference Reference { get; init; }

    [Description("another model as the reference, a folder or file")]
    public string RefModel { get; init; } = "";

    [Description("steps that label by the anchor's pairs, or by the judge without an anchor: before them the implicit reward knows nothing")]
    [Limits(AtLeast = 0)]
    public int LabelWarmup { get; init; } = 20;

    [Description("file of pairs with known preferences (prompt, chosen, rejected): keeps the judge a judge, and is the audit")]
    public string Anchor { get; init; } = "";

    [Description("share of every batch taken from the anchor")]
    [Limits(AtLeast = 0, Below = 1)]
    public double AnchorShare { get; init; } = 0.1;

    [Description("share of the anchor that is never learnt, for the audit")]
    [Limits(AtLeast = 0, Below = 1)]
    public double HeldOutShare { get; init; } = 0.3;

    [Description("stop when a reward's accuracy on at least 50 held-out pairs fell by more than this since an iteration began; 1 never stops")]
    [Limits(AtLeast = 0, AtMost = 1)]
    public double MaxDrop { get; init; } = 0.02;

    [Description("endpoint of another judge, hone:PATH or http://host:port/v1#model; the model judges itself when left out")]
    public string Judge { get; init; } = "";

    [Description("file with the judge's question: {{prompt}}, {{a}} and {{b}} are filled in")]
    public string JudgeTemplate { get; init; } = "";

    [Description("verdict for the answer shown first; one token of the model")]
    public string VerdictFirst { get; init; } = "A";

    [Description("verdict for the answer shown second; one token of the model")]
    public string VerdictSecond { get; init; } = "B";

    [Description("the loss")]
    public ScirLossOptions Loss { get; init; } = new();

    /// <summary>Optimiser steps of one iteration over so many prompts.</summary>
    public int StepsPerIteration(int prompts) => Train.Steps > 0
        ? (Train.Steps + Iterations - 1) / Iterations
        : (int)Math.Max(1, Math.Ceiling(prompts * (NumGenerations / 2) * Train.Epochs / Train.Batch));
}

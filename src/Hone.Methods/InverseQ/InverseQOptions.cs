using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Methods.Supervised;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.InverseQ;

/// <summary>Where the estimate of the optimal policy comes from.</summary>
public enum EstimatorKind
{
    /// <summary>The model itself under a condition that makes good behaviour likely.</summary>
    Conditioned,

    /// <summary>The reference moved by the difference between a good and a bad condition.</summary>
    Contrastive,

    /// <summary>Another, better model with the same tokens.</summary>
    Model,
}

/// <summary>What a token's loss is averaged over.</summary>
public enum TokenMean
{
    /// <summary>All tokens of the batch alike.</summary>
    Token,

    /// <summary>All completions alike.</summary>
    Sequence,
}

/// <summary>Settings of <c>hone train inverse-q</c>.</summary>
[Recipe("inverse-q")]
public sealed record InverseQOptions : TrainerOptions, ICheckedOptions
{
    public InverseQOptions() => Train = new() { Lr = 1e-4, Batch = 32, Schedule = "constant", Warmup = 0 };

    [Description("where the estimate comes from: conditioned, contrastive or model")]
    public EstimatorKind Estimator { get; init; }

    [Description("the good condition, a text or a file: a system message, or with {question} in it the user's message itself")]
    public string Condition { get; init; } = "";

    [Description("contrastive: the bad condition, a text or a file")]
    public string Negative { get; init; } = "";

    [Description("contrastive: how far the difference of the conditions is followed")]
    [Limits(Above = 0)]
    public double ContrastWeight { get; init; } = 1;

    [Description("model: the better model, a folder or file")]
    public string EstimatorModel { get; init; } = "";

    [Description("take the estimating model anew from the policy every so many steps; 0 keeps it")]
    [Limits(AtLeast = 0)]
    public int RefreshEvery { get; init; }

    [Description("reference model; the model as it is given when left out")]
    public string RefModel { get; init; } = "";

    [Description("how rewards are imitated: regress, pg or full")]
    public RewardImitation Loss { get; init; }

    [Description("strength of the pull to the reference")]
    [Limits(Above = 0)]
    public double Beta { get; init; } = 0.1;

    [Description("bound of a token's reward, in units of beta")]
    [Limits(Above = 0)]
    public double Clip { get; init; } = 5;

    [Description("pg: bound of the ratio to the sampling policy")]
    [Limits(Above = 0)]
    public double Epsilon { get; init; } = 0.2;

    [Description("what losses are averaged over: token or sequence")]
    public TokenMean Normalization { get; init; }

    [Description("completions sampled for each prompt; the batch is a multiple of it")]
    [Limits(AtLeast = 1)]
    public int NumGenerations { get; init; } = 1;

    [Description("longest completion in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxCompletionLength { get; init; } = 256;

    [Description("sampling temperature")]
    [Limits(Above = 0)]
    public double Temperature { get; init; } = 1;

    /// <inheritdoc/>
    public void Check()
    {
        if (Estimator != EstimatorKind.Model && Condition.Length == 0) throw new HoneException($"estimator {Estimator.ToString().ToLowerInvariant()} needs a condition: a text or file that makes good answers likely.");
        if (Estimator == EstimatorKind.Contrastive && Negative.Length == 0) throw new HoneException("estimator contrastive needs negative: a text or file that makes bad answers likely.");
        if (Estimator == EstimatorKind.Model && EstimatorModel.Length == 0) throw new HoneException("estimator model needs estimator_model: a folder or file.");
        if (Estimator == EstimatorKind.Model && RefreshEvery > 0) throw new HoneException("refresh_every renews an estimate made by the policy itself; with estimator model leave it out.");
        if (Train.Batch % NumGenerations != 0) throw new HoneException($"batch {Train.Batch} is not a multiple of num_generations {NumGenerations}: each prompt gets {NumGenerations} completions.");
    }
}

using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Methods.Supervised;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.OnPolicy;

/// <summary>Settings of trainers that learn from their own samples, judged by a checker. Names are TRL's.</summary>
public abstract record RolloutOptions : TrainerOptions, ICheckedOptions
{
    protected RolloutOptions() => Train = new() { Lr = 1e-4, Batch = 64, Schedule = "constant" };

    [Description("completions sampled for each prompt; the batch is a multiple of it")]
    [Limits(AtLeast = 2)]
    public int NumGenerations { get; init; } = 8;

    [Description("longest completion in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxCompletionLength { get; init; } = 128;

    [Description("sampling temperature")]
    [Limits(Above = 0)]
    public double Temperature { get; init; } = 1;

    [Description("checker that gives the reward; chosen from the rows when left out")]
    public string Check { get; init; } = "";

    [Description("reference model for the KL term; the model as it is given when left out")]
    public string RefModel { get; init; } = "";

    [Description("completions that were cut off teach nothing")]
    public bool MaskTruncatedCompletions { get; init; }

    /// <inheritdoc/>
    void ICheckedOptions.Check()
    {
        if (Train.Batch % NumGenerations != 0)
            throw new HoneException($"batch {Train.Batch} is not a multiple of num_generations {NumGenerations}: each prompt gets {NumGenerations} completions.");
    }
}

/// <summary>Settings of <c>hone train grpo</c>.</summary>
[Recipe("grpo")]
public sealed record GrpoRecipeOptions : RolloutOptions
{
    [Description("what advantages are divided by")]
    public RewardScale ScaleRewards { get; init; }

    [Description("the loss")]
    public GrpoOptions Loss { get; init; } = new();
}

/// <summary>Settings of <c>hone train rloo</c>.</summary>
[Recipe("rloo")]
public sealed record RlooRecipeOptions : RolloutOptions
{
    [Description("weight of the KL divergence to the reference, taken off the reward; 0 needs no reference")]
    [Limits(AtLeast = 0)]
    public double Beta { get; init; }

    [Description("standardise advantages over the batch")]
    public bool NormalizeAdvantages { get; init; }
}

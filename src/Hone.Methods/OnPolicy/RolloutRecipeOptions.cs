using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.OnPolicy;

/// <summary>Settings of <c>hone train grpo</c>.</summary>
[Recipe("grpo")]
public sealed record GrpoRecipeOptions : RolloutOptions
{
    [Description("what advantages are divided by")]
    public RewardScale ScaleRewards { get; init; }

    [Description("how several rewards become one advantage")]
    public RewardAggregation MultiObjectiveAggregation { get; init; }

    [Description("updates from each sampling")]
    [Limits(AtLeast = 1)]
    public int NumIterations { get; init; } = 1;

    [Description("the loss")]
    public GrpoOptions Loss { get; init; } = new();

    internal override int RoundExamples => Train.Batch * NumIterations;

    public override void Check()
    {
        base.Check();
        if (Train.Batch % NumGenerations != 0)
            throw new HoneException($"batch {Train.Batch} is not a multiple of num_generations {NumGenerations}: each prompt gets {NumGenerations} completions.");
        CheckGroups(2);
    }
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

    public override void Check()
    {
        base.Check();
        CheckGroups(2);
    }
}

/// <summary>What REINFORCE takes off the reward.</summary>
public enum ReinforceBaseline
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The mean reward of the batch's other completions.</summary>
    Batch,

    /// <summary>The reward of the prompt's greedy completion: ReMax, Li et al., arXiv:2310.10505.</summary>
    Greedy,
}

/// <summary>Settings of <c>hone train reinforce</c>.</summary>
[Recipe("reinforce")]
public sealed record ReinforceRecipeOptions : RolloutOptions
{
    public ReinforceRecipeOptions() => NumGenerations = 1;

    [Description("what is taken off the reward")]
    public ReinforceBaseline Baseline { get; init; } = ReinforceBaseline.Batch;

    [Description("weight of the KL divergence to the reference, taken off the reward; 0 needs no reference")]
    [Limits(AtLeast = 0)]
    public double Beta { get; init; }

    public override void Check()
    {
        base.Check();
        CheckGroups(1);
    }
}

/// <summary>Settings of trainers that update several times from each sampling, token by token.</summary>
public abstract record TokenPolicyOptions : RolloutOptions
{
    protected TokenPolicyOptions() => NumGenerations = 1;

    [Description("passes over each sampling")]
    [Limits(AtLeast = 1)]
    public int NumPpoEpochs { get; init; } = 4;

    [Description("updates of each pass; a sampling gives batch times this many completions")]
    [Limits(AtLeast = 1)]
    public int NumMiniBatches { get; init; } = 1;

    [Description("the clipped losses")]
    public PpoOptions Loss { get; init; } = new();

    [Description("from rewards to advantages")]
    public TokenRewardOptions Advantage { get; init; } = new();

    internal int Completions => Train.Batch * NumMiniBatches;

    internal override int RoundExamples => Completions * NumPpoEpochs;

    public override void Check()
    {
        base.Check();
        if (Completions % NumGenerations != 0)
            throw new HoneException($"batch {Train.Batch} times num_mini_batches {NumMiniBatches} is not a multiple of num_generations {NumGenerations}.");
    }
}

/// <summary>Settings of <c>hone train ppo</c>.</summary>
[Recipe("ppo")]
public sealed record PpoRecipeOptions : TokenPolicyOptions;

/// <summary>Settings of <c>hone train reinforce++</c>.</summary>
[Recipe("reinforce++")]
public sealed record ReinforcePlusPlusRecipeOptions : TokenPolicyOptions
{
    public ReinforcePlusPlusRecipeOptions() => (NumPpoEpochs, Advantage) = (1, new() { KlCoef = 0.01 });

    [Description("take the mean reward of a prompt's completions off first; needs several of them")]
    public bool GroupBaseline { get; init; }

    public override void Check()
    {
        base.Check();
        if (GroupBaseline && NumGenerations < 2) throw new HoneException("group_baseline needs num_generations of at least 2.");
    }
}

/// <summary>Settings of <c>hone train online-dpo</c>.</summary>
[Recipe("online-dpo")]
public sealed record OnlineDpoRecipeOptions : RolloutOptions
{
    public OnlineDpoRecipeOptions() => (NumGenerations, Train) = (2, Train with { Batch = 16 });

    [Description("the losses")]
    public PreferenceOptions Loss { get; init; } = new();

    [Description("leave out pairs with equal rewards and repeat the others in their place; off, the first of a pair is taken as the better one, as TRL does")]
    public bool SkipTies { get; init; } = true;

    public override void Check()
    {
        base.Check();
        if (NumGenerations < 2) throw new HoneException("num_generations must be at least 2: pairs are made of a prompt's completions.");
    }
}

/// <summary>Settings of <c>hone train expert</c>.</summary>
[Recipe("expert")]
public sealed record ExpertRecipeOptions : RolloutOptions
{
    public ExpertRecipeOptions() => Train = Train with { Batch = 32 };

    [Description("prompts of each round")]
    [Limits(AtLeast = 1)]
    public int PromptsPerRound { get; init; } = 64;

    [Description("updates of each round")]
    [Limits(AtLeast = 1)]
    public int StepsPerRound { get; init; } = 8;

    [Description("completions with at least this reward are learnt")]
    public double Threshold { get; init; } = 1;

    [Description("different completions of a prompt learnt at most, so that easy prompts do not crowd out hard ones")]
    [Limits(AtLeast = 1)]
    public int KeepPerPrompt { get; init; } = 4;

    internal override int RoundExamples => Train.Batch * StepsPerRound;
}

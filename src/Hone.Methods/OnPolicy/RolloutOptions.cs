using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Methods.Supervised;

namespace Hone.Methods.OnPolicy;

/// <summary>Settings of trainers that learn from their own samples. Names are TRL's where TRL has them.</summary>
public abstract record RolloutOptions : TrainerOptions, ICheckedOptions
{
    protected RolloutOptions() => Train = new() { Lr = 1e-4, Batch = 64, Schedule = "constant" };

    [Description("completions sampled for each prompt")]
    [Limits(AtLeast = 1)]
    public int NumGenerations { get; init; } = 8;

    [Description("longest completion in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxCompletionLength { get; init; } = 128;

    [Description("sampling temperature")]
    [Limits(Above = 0)]
    public double Temperature { get; init; } = 1;

    [Description("where rewards come from, one or several: checker:NAME, model:DIR, judge:ENDPOINT, script:FILE.csx; a checker chosen from the rows when left out")]
    [Alias("check")]
    public IReadOnlyList<string> Reward { get; init; } = [];

    [Description("weight of each reward; 1 each when left out")]
    public IReadOnlyList<double> RewardWeights { get; init; } = [];

    [Description("taken off the reward of completions that were cut off before their end token")]
    [Limits(AtLeast = 0)]
    public double MissingEosPenalty { get; init; }

    [Description("reference model for the KL term; the model as it is given when left out")]
    public string RefModel { get; init; } = "";

    [Description("completions that were cut off teach nothing")]
    public bool MaskTruncatedCompletions { get; init; }

    /// <summary>Examples that one sampling gives; a multiple of the batch.</summary>
    internal virtual int RoundExamples => Train.Batch;

    /// <inheritdoc/>
    public virtual void Check()
    {
        if (RewardWeights.Count > 0 && RewardWeights.Count != Math.Max(1, Reward.Count)) throw new HoneException($"{RewardWeights.Count} reward_weights for {Math.Max(1, Reward.Count)} rewards: give one for each.");
    }

    /// <summary>Prompts have their completions in one batch.</summary>
    protected void CheckGroups(int least)
    {
        if (NumGenerations < least) throw new HoneException($"num_generations {NumGenerations} is too few: completions are compared with others of the same prompt, so at least {least} are needed.");
        if (RoundExamples % NumGenerations != 0)
            throw new HoneException($"batch {RoundExamples} is not a multiple of num_generations {NumGenerations}: each prompt gets {NumGenerations} completions.");
    }
}

using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;

namespace Hone.Methods.OnPolicy;

/// <summary>Which two completions of a prompt make a pair.</summary>
public enum PairChoice
{
    /// <summary>The best and the worst.</summary>
    BestWorst,

    /// <summary>A good one and a bad one, drawn at random, as often as asked.</summary>
    Random,
}

/// <summary>Settings of <c>hone data pairs</c>.</summary>
[Recipe("pairs")]
public sealed record PairOptions : ICheckedOptions
{
    [Description("completions sampled for each prompt")]
    [Limits(AtLeast = 2)]
    public int NumGenerations { get; init; } = 8;

    [Description("longest completion in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxCompletionLength { get; init; } = 128;

    [Description("sampling temperature")]
    [Limits(Above = 0)]
    public double Temperature { get; init; } = 1;

    [Description("where rewards come from: checker:NAME, model:DIR, judge:ENDPOINT, script:FILE.csx; a checker chosen from the rows when left out")]
    [Alias("check")]
    public IReadOnlyList<string> Reward { get; init; } = [];

    [Description("weight of each reward; 1 each when left out")]
    public IReadOnlyList<double> RewardWeights { get; init; } = [];

    [Description("which completions make a pair")]
    public PairChoice Choice { get; init; } = PairChoice.Random;

    [Description("pairs of a prompt at most; best-worst makes one")]
    [Limits(AtLeast = 1)]
    public int PairsPerPrompt { get; init; } = 2;

    [Description("the better completion's reward is above the other's by at least this")]
    [Limits(AtLeast = 0)]
    public double MinMargin { get; init; }

    [Description("prompts sampled together")]
    [Limits(AtLeast = 1)]
    public int Batch { get; init; } = 16;

    /// <inheritdoc/>
    public void Check()
    {
        if (RewardWeights.Count > 0 && RewardWeights.Count != Math.Max(1, Reward.Count))
            throw new HoneException($"{RewardWeights.Count} reward_weights for {Math.Max(1, Reward.Count)} rewards: give one for each.");
    }
}

using System.ComponentModel;
using Hone.Core.Recipes;
using Hone.Methods.Supervised;
using Hone.Training;

namespace Hone.Methods.TlTraining;

/// <summary>Settings of <c>hone train tl</c>: the three remedies, each of which can be left out.</summary>
[Recipe("tl")]
public sealed record TlOptions : TrainerOptions
{
    public TlOptions() => (MaxLength, Train) = (8192, new() { Lr = 1e-6, Batch = 4, Schedule = "cosine", Warmup = 0.01, Beta2 = 0.95, WeightDecay = 0.01 });

    [Description("do not learn calls that a tool answered with an error")]
    public bool Mae { get; init; } = true;

    [Description("weigh the tokens that decide the tool")]
    public bool Pkt { get; init; } = true;

    [Description("then learn from rewards by category of error, with PPO")]
    public bool Irm { get; init; } = true;

    [Description("largest weight of a key token")]
    [Limits(AtLeast = 1)]
    public double MaxWeight { get; init; } = 9;

    [Description("file with words that report an error, one on each line; the default ones when left out")]
    public string Cues { get; init; } = "";

    [Description("go by is_error of tools' messages where it is there, rather than by their words")]
    public bool ExecutorStatus { get; init; } = true;

    [Description("the second stage, PPO")]
    public TlRewardOptions Ppo { get; init; } = new();
}

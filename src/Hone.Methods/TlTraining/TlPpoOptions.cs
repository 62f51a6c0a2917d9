using System.ComponentModel;
using Hone.Core.Recipes;
using Hone.Methods.OnPolicy;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.TlTraining;

/// <summary>The second stage: PPO with rewards by category of error. Defaults are those of the authors' code where it can be read.</summary>
public sealed record TlRewardOptions
{
    [Description("passes over the calls")]
    [Limits(Above = 0)]
    public double Epochs { get; init; } = 3;

    [Description("optimiser steps; 0 takes them from epochs")]
    [Limits(AtLeast = 0)]
    public int Steps { get; init; }

    [Description("calls sampled for each update")]
    [Limits(AtLeast = 1)]
    public int Batch { get; init; } = 32;

    [Description("learning rate")]
    [Limits(AtLeast = 0)]
    public double Lr { get; init; } = 2e-7;

    [Description("updates from each sampling")]
    [Limits(AtLeast = 1)]
    public int NumPpoEpochs { get; init; } = 1;

    [Description("samples of each prompt")]
    [Limits(AtLeast = 1)]
    public int NumGenerations { get; init; } = 1;

    [Description("longest call in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxCompletionLength { get; init; } = 512;

    [Description("sampling temperature; the released code decodes greedily, which leaves nothing to compare")]
    [Limits(Above = 0)]
    public double Temperature { get; init; } = 0.7;

    [Description("the clipped losses")]
    public PpoOptions Loss { get; init; } = new();

    [Description("from rewards to advantages")]
    public TokenRewardOptions Advantage { get; init; } = new() { KlCoef = 0.4 };

    /// <summary>As settings of PPO, with the rest from the first stage.</summary>
    public PpoRecipeOptions ToPpo(TlOptions all) => new()
    {
        LoraRank = all.LoraRank,
        Merge = all.Merge,
        MaxLength = all.MaxLength,
        NumGenerations = NumGenerations,
        MaxCompletionLength = MaxCompletionLength,
        Temperature = Temperature,
        NumPpoEpochs = NumPpoEpochs,
        Reward = ["checker:tool-call"],
        Loss = Loss,
        Advantage = Advantage,
        Train = all.Train with { Lr = Lr, Batch = Batch, Epochs = Epochs, Steps = Steps, Schedule = "constant", Warmup = 0 },
    };
}

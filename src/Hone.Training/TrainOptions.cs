using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Optimizers;
using Hone.Training.Schedules;

namespace Hone.Training;

/// <summary>Settings of a training run, shared by every objective. Descriptions are the help texts.</summary>
public sealed record TrainOptions : ICheckedOptions
{
    [Description("optimiser steps; 0 takes them from epochs")]
    [Limits(AtLeast = 0)]
    public int Steps { get; init; }

    [Description("passes over the data where steps is 0")]
    [Limits(Above = 0)]
    public double Epochs { get; init; } = 1;

    [Description("examples per optimiser step")]
    [Limits(AtLeast = 1)]
    public int Batch { get; init; } = 8;

    [Description("tokens per forward pass at most; larger batches are accumulated over several")]
    [Limits(AtLeast = 1)]
    public int MicroTokens { get; init; } = 4096;

    [Description("peak learning rate")]
    [Limits(AtLeast = 0)]
    public double Lr { get; init; } = 1e-3;

    [Description("constant, constant_with_warmup, linear, cosine, warmup_stable_decay, trapezoid, cosine_with_restarts, polynomial, inverse_sqrt, cosine_with_min_lr or cosine_warmup_with_min_lr")]
    public string Schedule { get; init; } = "linear";

    [Description("warm-up: a count of steps, or a share of all steps when below 1")]
    [Limits(AtLeast = 0)]
    public double Warmup { get; init; } = 0.1;

    [Description("trapezoid and warmup_stable_decay: falling part, a count or a share of all steps")]
    [Limits(AtLeast = 0)]
    public double Decay { get; init; } = 0.6;

    [Description("adamw, muon, sgd, lion, adafactor, rmsprop or adagrad")]
    public string Optimizer { get; init; } = "adamw";

    [Description("AdamW's decay of the first moment")]
    [Limits(AtLeast = 0, Below = 1)]
    public double Beta1 { get; init; } = 0.9;

    [Description("AdamW's decay of the second moment")]
    [Limits(AtLeast = 0, Below = 1)]
    public double Beta2 { get; init; } = 0.999;

    [Description("AdamW's epsilon")]
    [Limits(AtLeast = 0)]
    public double Epsilon { get; init; } = 1e-8;

    [Description("weight decay on matrices")]
    [Limits(AtLeast = 0)]
    public double WeightDecay { get; init; }

    [Description("muon: rate of the matrices inside the network (lr is the rate of everything else)")]
    [Limits(AtLeast = 0)]
    public double MuonLr { get; init; } = 0.02;

    [Description("gradient norm limit; 0 for none")]
    [Limits(AtLeast = 0)]
    public double MaxGradNorm { get; init; } = 1;

    [Description("recompute activations in the backward pass: less memory, about a third more time")]
    public bool Recompute { get; init; }

    [Description("stop where the loss is beyond this for five steps; 0 for ten times its first values, at least 100")]
    [Limits(AtLeast = 0)]
    public double MaxLoss { get; init; }

    [Description("stop where the KL divergence to the reference, as it is logged, is above this many nats for five steps; 0 for never")]
    [Limits(AtLeast = 0)]
    public double MaxKl { get; init; } = 100;

    [Description("steps between checkpoints; 0 for none")]
    [Limits(AtLeast = 0)]
    public int CheckpointEvery { get; init; } = 200;

    [Description("steps between lines of metrics.jsonl")]
    [Limits(AtLeast = 1)]
    public int LogEvery { get; init; } = 1;

    private static IReadOnlyList<string> Optimizers { get; } = ["adamw", "muon", "sgd", "lion", "adafactor", "rmsprop", "adagrad"];

    /// <inheritdoc/>
    public void Check()
    {
        if (!Optimizers.Contains(Optimizer)) throw HoneException.Unknown("optimiser", Optimizer, Optimizers);
        _ = CreateSchedule(100).Factor(0);
    }

    /// <summary>Steps of the run.</summary>
    /// <param name="examples">Examples of one pass, or null for an endless stream, which needs <see cref="Steps"/>.</param>
    /// <exception cref="HoneException">No number of steps can be derived.</exception>
    public int StepCount(long? examples)
    {
        if (Steps > 0) return Steps;
        if (examples is not { } count) throw new HoneException("an endless stream needs a number of steps: give --steps.");
        return (int)Math.Max(1, Math.Ceiling(count * Epochs / Batch));
    }

    /// <summary>The learning-rate schedule over <paramref name="steps"/> steps.</summary>
    public Schedule CreateSchedule(int steps) => new()
    {
        Name = Schedule,
        TotalSteps = steps,
        WarmupSteps = Schedules.Schedule.WarmupCount(Warmup, steps),
        DecaySteps = Schedules.Schedule.WarmupCount(Decay, steps),
    };

    /// <summary>The optimiser over the trainable parameters.</summary>
    /// <param name="parameters">Parameters; frozen ones are left out.</param>
    /// <param name="workers">Threads.</param>
    /// <exception cref="HoneException">Unknown optimiser, or nothing to train.</exception>
    public IOptimizer CreateOptimizer(IReadOnlyList<Parameter> parameters, WorkerPool workers)
    {
        List<Parameter> trainable = [.. parameters.Where(p => p.Trainable)];
        if (trainable.Count == 0) throw new HoneException("nothing to train: every parameter is frozen.");
        AdamWOptions adamW = new() { Beta1 = Beta1, Beta2 = Beta2, Epsilon = Epsilon, Decay = WeightDecay };
        switch (Optimizer)
        {
            case "adamw": return new AdamW(trainable, adamW, workers);
            case "sgd": return new Sgd(trainable, new() { Momentum = Beta1, Decay = WeightDecay }, workers);
            case "lion": return new Lion(trainable, new() { Beta1 = Beta1, Beta2 = Beta2, Decay = WeightDecay }, workers);
            case "adafactor": return new Adafactor(trainable, new() { Decay = WeightDecay }, workers);
            case "rmsprop": return new RmsProp(trainable, new() { Momentum = 0, Decay = WeightDecay, Epsilon = Epsilon }, workers);
            case "adagrad": return new Adagrad(trainable, new() { Decay = WeightDecay }, workers);
            case "muon":
                List<Parameter> matrices = [.. trainable.Where(IsHiddenMatrix)];
                return new OptimizerGroup(
                    (new Muon(matrices, new() { Decay = WeightDecay }, workers), MuonLr / Lr),
                    (new AdamW([.. trainable.Where(p => !IsHiddenMatrix(p))], adamW, workers), 1));
            default: throw HoneException.Unknown("optimiser", Optimizer, Optimizers);
        }
    }

    /// <summary>Matrices inside the network: neither embeddings nor the head.</summary>
    private static bool IsHiddenMatrix(Parameter parameter) =>
        parameter.Value.Shape.Rank == 2 && parameter.Name.Contains(".layers.", StringComparison.Ordinal);
}

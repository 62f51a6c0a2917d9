using System.Text.Json.Nodes;
using Hone.Core.Recipes;

namespace Hone.Tests.Core.Recipes;

internal enum SampleSchedule
{
    Constant,
    WarmupStableDecay,
}

/// <summary>How the sample trains.</summary>
/// <param name="Lr">Peak learning rate.</param>
/// <param name="Steps">Optimiser steps.</param>
internal sealed record SampleTrain([property: Alias("learning_rate"), Limits(Above = 0, AtMost = 1)] double Lr = 1e-3, int Steps = 100)
{
    public SampleSchedule Schedule { get; init; } = SampleSchedule.Constant;

    public TimeSpan Budget { get; init; } = TimeSpan.FromMinutes(5);

    [Limits(AtLeast = 0)]
    public IReadOnlyList<double> Betas { get; init; } = [0.9, 0.95];
}

internal interface ISampleObjective
{
    double Weight { get; }
}

/// <summary>Options of the sample objective.</summary>
internal sealed record SampleObjectiveOptions
{
    /// <summary>Strength.</summary>
    [Limits(Above = 0)]
    public double Beta { get; init; } = 0.1;

    public Use<ISampleObjective>? Inner { get; init; }
}

[Component("sample-dpo")]
internal sealed class SampleObjective(SampleObjectiveOptions options) : ISampleObjective
{
    public double Weight => options.Beta + (options.Inner?.Create().Weight ?? 0);
}

[Component("sample-plain")]
internal sealed class PlainObjective : ISampleObjective
{
    public PlainObjective() { }

    public double Weight => 1;
}

/// <summary>A whole sample recipe.</summary>
[Recipe("sample")]
internal sealed record SampleOptions : ICheckedOptions
{
    /// <summary>Directory or file of the model.</summary>
    public required string Model { get; init; }

    public string? Note { get; init; }

    public bool Quick { get; init; }

    public long Seed { get; init; } = 1;

    [Unit("bytes")]
    public long Memory { get; init; } = 1 << 20;

    [Unit("share"), Limits(AtLeast = 0, AtMost = 1)]
    public double Kept { get; init; } = 1;

    public SampleTrain Train { get; init; } = new(Steps: 50);

    public IReadOnlyList<string> Targets { get; init; } = [];

    public IReadOnlyDictionary<string, string> Models { get; init; } = new Dictionary<string, string>();

    public Use<ISampleObjective> Objective { get; init; } =
        Using.Component<ISampleObjective, SampleObjectiveOptions>("sample-dpo", new(), o => new SampleObjective(o));

    public JsonObject? Schema { get; init; }

    public void Check()
    {
        if (Quick && Train.Steps > 1000) throw new HoneException("quick runs have at most 1000 train.steps.");
    }
}

internal static class Sample
{
    public static ComponentRegistry Components { get; } = new ComponentRegistry().Scan(typeof(Sample).Assembly);

    public static SampleOptions Bind(string yaml, params string[] sets) =>
        RecipeFile.Parse(yaml, "recipes/sample.yaml", sets.Select(RecipeOverride.Parse)).Bind<SampleOptions>(Components);

    public static string Error(string yaml, params string[] sets) => Assert.Throws<HoneException>(() => Bind(yaml, sets)).Message;
}

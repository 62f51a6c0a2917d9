using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Training;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>Settings of <c>hone improve</c>.</summary>
[Recipe("improve")]
public sealed record ImproveOptions
{
    [Description("checker: number, exact, choice, regex, json or equation-steps; chosen from the rows when left out")]
    public string? Check { get; init; }

    [Description("rounds of sampling and training")]
    public int Rounds { get; init; } = 2;

    [Description("hint of the redraws: none, brute-force, answer, rationale, interactive or state-reset")]
    public string Guidance { get; init; } = "state-reset";

    [Description("unguided draws for each question (n)")]
    public int Draws { get; init; } = 8;

    [Description("correct solutions wanted for each question (m)")]
    public int Target { get; init; } = 4;

    [Description("redraw rounds at most (R)")]
    public int Redraws { get; init; } = 8;

    [Description("sampling temperature")]
    public double Temperature { get; init; } = 0.7;

    [Description("most tokens of an answer; 0 takes half again as many as the longest reference, at least 16")]
    public int MaxTokens { get; init; }

    [Description("what a round trains from: base (the model given) or previous (the last round's)")]
    public string TrainFrom { get; init; } = "base";

    [Description("rows added to each round's training set: none, seed (the references) or previous (the last round's rows)")]
    public string Merge { get; init; } = "none";

    [Description("train on the references first: auto, yes or no; auto means yes for rows of your own")]
    public string SeedSet { get; init; } = "auto";

    [Description("most kept solutions per question in the training set; 0 for all")]
    public int KeepPerQuestion { get; init; } = 4;

    [Description("drop kept solutions with a false equation in them")]
    public bool CheckEquations { get; init; } = true;

    [Description("rank of a LoRA adapter; 0 trains all weights; -1 decides by size: 8 from 20 million weights on")]
    public int LoraRank { get; init; } = -1;

    [Description("stop after this many minutes, keeping the best round so far; 0 for no limit")]
    public double BudgetMinutes { get; init; }

    [Description("questions to sample from; 0 for all")]
    public int Pool { get; init; } = 600;

    [Description("questions that choose between rounds")]
    public int Validation { get; init; } = 200;

    [Description("questions of the final figure, never trained on")]
    public int Test { get; init; } = 300;

    [Description("a short run that shows everything working; no claim on the size of the gain")]
    public bool Quick { get; init; }

    public TrainOptions Train { get; init; } = new()
    {
        Epochs = 2,
        Batch = 32,
        MicroTokens = 8192,
        Lr = 1e-3,
        Schedule = "linear",
        Warmup = 0.1,
        Beta2 = 0.95,
        CheckpointEvery = 100,
        LogEvery = 5,
    };

    /// <summary>The settings with those of a quick run in place of the larger ones.</summary>
    public ImproveOptions Effective() => Quick
        ? this with { Rounds = 1, Draws = 4, Target = 2, Redraws = 2, Pool = Math.Min(Pool, 48), Validation = Math.Min(Validation, 32), Test = Math.Min(Test, 48), Train = Train with { Epochs = 1 } }
        : this;

    /// <summary>Throws where settings contradict each other.</summary>
    /// <exception cref="HoneException">Names the setting.</exception>
    public ImproveOptions Validated()
    {
        _ = GuidanceNames.Parse(Guidance);
        OneOf("train_from", TrainFrom, "base", "previous");
        OneOf("merge", Merge, "none", "seed", "previous");
        OneOf("seed_set", SeedSet, "auto", "yes", "no");
        if (Rounds < 0 || Draws < 1 || Target < 1 || Redraws < 0) throw new HoneException("rounds and redraws must be at least 0, draws and target at least 1.");
        if (Temperature <= 0) throw new HoneException("temperature must be above 0: greedy draws of one question are all the same.");
        return this;
    }

    private static void OneOf(string setting, string value, params string[] known)
    {
        if (!known.Contains(value)) throw HoneException.Unknown($"value of {setting}", value, known);
    }
}

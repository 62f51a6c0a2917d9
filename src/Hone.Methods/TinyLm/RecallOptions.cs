using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;

namespace Hone.Methods.TinyLm;

/// <summary>Settings of the recall model and of the documents it learns from.</summary>
public sealed record RecallOptions : ICheckedOptions
{
    [Description("blocks")]
    [Limits(AtLeast = 1)]
    public int Layers { get; init; } = 4;

    [Description("width of the residual stream")]
    [Limits(AtLeast = 8)]
    public int Width { get; init; } = 128;

    [Description("attention heads, each with its own keys and values")]
    [Limits(AtLeast = 1)]
    public int Heads { get; init; } = 4;

    [Description("inner width of the gated MLP")]
    [Limits(AtLeast = 1)]
    public int Inner { get; init; } = 512;

    [Description("base of the rotary frequencies")]
    [Limits(Above = 1)]
    public double RopeTheta { get; init; } = 1_000_000;

    [Description("start from the circuit that finds and copies, instead of waiting for training to find it")]
    public bool Circuit { get; init; } = true;

    [Description("factor on the first matrices of queries and keys: how sharply the model can look before anything is learned")]
    [Limits(Above = 0)]
    public double QueryKeyScale { get; init; } = 2.5;

    [Description("document lengths of the curriculum, in tokens, short ones first")]
    [Limits(AtLeast = 16)]
    public IReadOnlyList<int> Lengths { get; init; } = [128, 256, 512, 1024, 2048];

    [Description("share of the training steps spent at each length")]
    [Limits(AtLeast = 0)]
    public IReadOnlyList<double> Shares { get; init; } = [0.4, 0.2, 0.2, 0.1, 0.1];

    [Description("tokens of one training example: as many documents of the current length as fit")]
    [Limits(AtLeast = 32)]
    public int ExampleTokens { get; init; } = 2048;

    [Description("loss weight of tokens that are not part of an answer")]
    [Limits(AtLeast = 0, AtMost = 1)]
    public double TextWeight { get; init; } = 0.05;

    [Description("lengths at which the finished model is tested, in tokens")]
    [Limits(AtLeast = 32)]
    public IReadOnlyList<int> TestLengths { get; init; } = [512, 1024, 2048];

    [Description("seed of the test questions, whose keys training never uses")]
    public long TestSeed { get; init; } = 1_000;

    /// <inheritdoc/>
    public void Check()
    {
        if (Lengths.Count == 0 || Lengths.Count != Shares.Count)
            throw new HoneException($"{Lengths.Count} lengths and {Shares.Count} shares of a curriculum; give one share for each length.");
        if (Math.Abs(Shares.Sum() - 1) > 1e-6) throw new HoneException($"the shares of the curriculum add up to {Shares.Sum():0.###}; they have to add up to 1.");
        if (Width % Heads != 0 || Width / Heads % 2 != 0) throw new HoneException($"{Heads} heads do not divide a width of {Width} into even parts.");
    }

    /// <summary>Document length at a step of a run.</summary>
    /// <param name="progress">Share of the run that is done, 0 to 1.</param>
    public int LengthAt(double progress)
    {
        double end = 0;
        for (int i = 0; i < Lengths.Count; i++)
        {
            end += Shares[i];
            if (progress < end) return Lengths[i];
        }
        return Lengths[^1];
    }
}

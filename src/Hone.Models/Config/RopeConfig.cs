using Hone.Tensors.Ops;

namespace Hone.Models.Config;

/// <summary>How rotary frequencies are stretched for contexts longer than those trained on. Names as in transformers.</summary>
public enum RopeScaling
{
    /// <summary>No change.</summary>
    Default,

    /// <summary>Positions divided by a factor (Chen et al. 2023, arXiv:2306.15595).</summary>
    Linear,

    /// <summary>The base grows with the length of the input (dynamic NTK).</summary>
    Dynamic,

    /// <summary>Peng et al. 2023, arXiv:2309.00071.</summary>
    Yarn,

    /// <summary>A factor for every frequency, another set beyond the original length (Ding et al. 2024, arXiv:2402.13753).</summary>
    LongRope,

    /// <summary>Three bands by wavelength (Llama 3.1).</summary>
    Llama3,
}

/// <summary>Settings of rotary position embeddings. </summary>
public sealed record RopeConfig
{
    public RopeScaling Scaling { get; init; } = RopeScaling.Default;

    /// <summary>Base of the frequencies.</summary>
    public double Theta { get; init; } = 10_000;

    /// <summary>How many leading channels of each head are rotated (even); the rest passes through.</summary>
    public required int Dimensions { get; init; }

    /// <summary>Stretch of the context; 1 does nothing.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Longest input the model was made for, in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Longest input before stretching, in tokens.</summary>
    public required int OriginalMaxPositions { get; init; }

    /// <summary>Factor on cosine and sine where the settings give it; null takes the method's own formula.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>YaRN: rotations over the original length above which a frequency stays.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>YaRN: rotations below which a frequency is divided by the factor.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>YaRN: whether the band's ends are rounded outwards to whole indices.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>YaRN as DeepSeek sets it; 0 when not given.</summary>
    public double MScale { get; init; }

    /// <summary>YaRN as DeepSeek sets it; 0 when not given.</summary>
    public double MScaleAllDim { get; init; }

    /// <summary>Llama 3: wavelengths longer than original length / this are stretched fully.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: wavelengths shorter than original length / this stay.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>LongRope: a divisor per frequency up to the original length.</summary>
    public IReadOnlyList<double> ShortFactors { get; init; } = [];

    /// <summary>LongRope: a divisor per frequency beyond it.</summary>
    public IReadOnlyList<double> LongFactors { get; init; } = [];

    /// <summary>
    /// Which set of frequencies an input of <paramref name="length"/> tokens uses; equal numbers mean equal frequencies. A cache
    /// filled under one number cannot be continued under another: all positions are rotated anew.
    /// </summary>
    public int Variant(int length) => Scaling switch
    {
        RopeScaling.Dynamic when length > MaxPositions => length,
        RopeScaling.LongRope when length > OriginalMaxPositions && !ShortFactors.SequenceEqual(LongFactors) => 1,
        _ => 0,
    };

    /// <summary>
    /// The angles for an input of <paramref name="length"/> tokens. Frequencies are rounded to fp32, because published models
    /// were trained and are run with rounded ones.
    /// </summary>
    public RopeTable Table(int headSize, int length)
    {
        double[] inverse = Scaling switch
        {
            RopeScaling.Linear => RopeFrequencies.Linear(Dimensions, Theta, Factor),
            RopeScaling.Dynamic => RopeFrequencies.DynamicNtk(Dimensions, Theta, Factor, MaxPositions, length),
            RopeScaling.Yarn => RopeFrequencies.Yarn(Dimensions, Theta, Factor, OriginalMaxPositions, BetaFast, BetaSlow, Truncate),
            RopeScaling.LongRope => RopeFrequencies.LongRope(Dimensions, Theta, [.. Variant(length) == 0 ? ShortFactors : LongFactors]),
            RopeScaling.Llama3 => RopeFrequencies.Llama3(Dimensions, Theta, Factor, LowFrequencyFactor, HighFrequencyFactor, OriginalMaxPositions),
            _ => RopeFrequencies.Default(Dimensions, Theta),
        };
        return new RopeTable(headSize, [.. inverse.Select(f => (double)(float)f)], Magnitude());
    }

    /// <summary>Factor on cosine and sine.</summary>
    private double Magnitude() => AttentionFactor ?? Scaling switch
    {
        RopeScaling.Yarn when MScale != 0 && MScaleAllDim != 0 =>
            RopeFrequencies.YarnAttentionFactor(Factor, MScale) / RopeFrequencies.YarnAttentionFactor(Factor, MScaleAllDim),
        RopeScaling.Yarn => RopeFrequencies.YarnAttentionFactor(Factor),
        RopeScaling.LongRope when Factor > 1 => Math.Sqrt(1 + Math.Log(Factor) / Math.Log(OriginalMaxPositions)),
        _ => 1,
    };
}

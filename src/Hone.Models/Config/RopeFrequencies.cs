namespace Hone.Models.Config;

/// <summary>
/// Rotary frequencies as transformers computes them (modeling_rope_utils). Each is rounded to fp32, because that is what
/// published models were trained and are run with: at position 1000 the rounding is visible in the fourth decimal of a logit.
/// </summary>
public static class RopeFrequencies
{
    /// <summary>The frequencies for an input of <paramref name="length"/> tokens, and the factor on cosine and sine.</summary>
    public static (double[] InverseFrequencies, double AttentionFactor) For(RopeConfig rope, int length)
    {
        double[] inverse = rope.Scaling switch
        {
            RopeScaling.Linear => [.. Plain(rope, rope.Theta).Select(f => f / rope.Factor)],
            RopeScaling.Dynamic => Plain(rope, DynamicTheta(rope, length)),
            RopeScaling.Yarn => Yarn(rope),
            RopeScaling.LongRope => LongRope(rope, rope.Variant(length) == 0 ? rope.ShortFactors : rope.LongFactors),
            RopeScaling.Llama3 => [.. Plain(rope, rope.Theta).Select(f => Llama3(rope, f))],
            _ => Plain(rope, rope.Theta),
        };
        return ([.. inverse.Select(f => (double)(float)f)], AttentionFactor(rope));
    }

    private static double[] Plain(RopeConfig rope, double theta) =>
        [.. Enumerable.Range(0, rope.Dimensions / 2).Select(i => Math.Pow(theta, -2.0 * i / rope.Dimensions))];

    /// <summary>NTK-aware base for inputs longer than the model was made for.</summary>
    private static double DynamicTheta(RopeConfig rope, int length)
    {
        if (length <= rope.MaxPositions) return rope.Theta;
        double stretch = rope.Factor * length / rope.MaxPositions - (rope.Factor - 1);
        return rope.Theta * Math.Pow(stretch, rope.Dimensions / (rope.Dimensions - 2.0));
    }

    private static double[] LongRope(RopeConfig rope, IReadOnlyList<double> factors) =>
        [.. Plain(rope, rope.Theta).Select((f, i) => f / factors[i])];

    private static double Llama3(RopeConfig rope, double frequency)
    {
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength < rope.OriginalMaxPositions / rope.HighFrequencyFactor) return frequency;
        if (wavelength > rope.OriginalMaxPositions / rope.LowFrequencyFactor) return frequency / rope.Factor;
        double smooth = (rope.OriginalMaxPositions / wavelength - rope.LowFrequencyFactor) / (rope.HighFrequencyFactor - rope.LowFrequencyFactor);
        return (1 - smooth) * frequency / rope.Factor + smooth * frequency;
    }

    /// <summary>arXiv:2309.00071, section 3.2: a linear ramp over frequency indices between two correction dimensions.</summary>
    private static double[] Yarn(RopeConfig rope)
    {
        double low = CorrectionDimension(rope, rope.BetaFast), high = CorrectionDimension(rope, rope.BetaSlow);
        if (rope.Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(low, 0);
        high = Math.Min(high, rope.Dimensions - 1);
        if (low == high) high += 0.001; // as the library does, to avoid dividing by zero
        return [.. Plain(rope, rope.Theta).Select((frequency, i) =>
        {
            double ramp = Math.Clamp((i - low) / (high - low), 0, 1);
            return frequency / rope.Factor * ramp + frequency * (1 - ramp);
        })];
    }

    private static double CorrectionDimension(RopeConfig rope, double rotations) =>
        rope.Dimensions * Math.Log(rope.OriginalMaxPositions / (rotations * 2 * Math.PI)) / (2 * Math.Log(rope.Theta));

    private static double AttentionFactor(RopeConfig rope) => rope.AttentionFactor ?? rope.Scaling switch
    {
        RopeScaling.Yarn when rope.MScale != 0 && rope.MScaleAllDim != 0 => YarnScale(rope.Factor, rope.MScale) / YarnScale(rope.Factor, rope.MScaleAllDim),
        RopeScaling.Yarn => YarnScale(rope.Factor, 1),
        RopeScaling.LongRope when rope.Factor > 1 => Math.Sqrt(1 + Math.Log(rope.Factor) / Math.Log(rope.OriginalMaxPositions)),
        _ => 1,
    };

    private static double YarnScale(double factor, double mscale) => factor <= 1 ? 1 : 0.1 * mscale * Math.Log(factor) + 1;
}

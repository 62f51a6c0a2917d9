namespace Hone.Tensors.Ops;

/// <summary>
/// Inverse frequencies of rotary position embeddings under the scalings in use. The names are those of
/// <c>rope_type</c> in Hugging Face configurations.
/// </summary>
public static class RopeFrequencies
{
    /// <summary>theta^(-2i/d), i = 0 .. d/2 - 1. arXiv:2104.09864, section 3.2.2.</summary>
    /// <param name="rotatedDims">d: an even number of rotated numbers per head.</param>
    /// <param name="theta">The base, usually 10 000.</param>
    /// <exception cref="ArgumentException">rotatedDims is odd or not positive, or theta is not positive.</exception>
    public static double[] Default(int rotatedDims, double theta)
    {
        if (rotatedDims <= 0 || rotatedDims % 2 != 0) throw new ArgumentException($"rope: {rotatedDims} rotated numbers, an even positive number is needed");
        if (!(theta > 0)) throw new ArgumentException($"rope: base {theta}, a positive number is needed");
        double[] result = new double[rotatedDims / 2];
        for (int i = 0; i < result.Length; i++) result[i] = Math.Pow(theta, -2.0 * i / rotatedDims);
        return result;
    }

    /// <summary>"linear": positions divided by a factor. Chen et al. 2023, arXiv:2306.15595.</summary>
    public static double[] Linear(int rotatedDims, double theta, double factor)
    {
        double[] result = Default(rotatedDims, theta);
        for (int i = 0; i < result.Length; i++) result[i] /= factor;
        return result;
    }

    /// <summary>
    /// "dynamic" (NTK-aware): the base grows with the length of the whole forward pass, so a longer sequence rotates all of its
    /// positions anew. Up to the trained length this is <see cref="Default"/>.
    /// </summary>
    /// <param name="rotatedDims">Rotated numbers per head.</param>
    /// <param name="theta">The base.</param>
    /// <param name="factor">Scaling factor.</param>
    /// <param name="trainedLength">max_position_embeddings.</param>
    /// <param name="length">Tokens of this pass (largest position + 1).</param>
    public static double[] DynamicNtk(int rotatedDims, double theta, double factor, int trainedLength, int length)
    {
        double ratio = Math.Max(length, trainedLength) / (double)trainedLength;
        double growth = factor * ratio - (factor - 1);
        return Default(rotatedDims, theta * Math.Pow(growth, rotatedDims / (rotatedDims - 2.0)));
    }

    /// <summary>
    /// "yarn": fast frequencies stay, slow ones are divided by the factor, between them a ramp over the pair index.
    /// Peng et al. 2023, arXiv:2309.00071, section 3.2.
    /// </summary>
    /// <param name="rotatedDims">Rotated numbers per head.</param>
    /// <param name="theta">The base.</param>
    /// <param name="factor">Scaling factor.</param>
    /// <param name="originalLength">original_max_position_embeddings.</param>
    /// <param name="betaFast">Turns within the original length above which a frequency stays.</param>
    /// <param name="betaSlow">Turns below which it is fully divided.</param>
    /// <param name="truncate">Whether the ramp's ends are rounded outwards to whole indices, as the reference does by default.</param>
    public static double[] Yarn(
        int rotatedDims, double theta, double factor, int originalLength, double betaFast = 32, double betaSlow = 1, bool truncate = true)
    {
        double low = PairWithTurns(betaFast), high = PairWithTurns(betaSlow);
        if (truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, rotatedDims - 1)); // d - 1, not d/2 - 1: the reference's bound
        if (low == high) high += 0.001;
        double[] result = Default(rotatedDims, theta);
        for (int i = 0; i < result.Length; i++)
        {
            double divided = Math.Clamp((i - low) / (high - low), 0, 1);
            result[i] = result[i] / factor * divided + result[i] * (1 - divided);
        }
        return result;

        double PairWithTurns(double turns) => rotatedDims * Math.Log(originalLength / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    /// <summary>The factor on cosines and sines that goes with <see cref="Yarn"/>: 0.1 · ln(factor) · scale + 1, or 1 when the factor is at most 1.</summary>
    public static double YarnAttentionFactor(double factor, double scale = 1) => factor <= 1 ? 1 : 0.1 * scale * Math.Log(factor) + 1;

    /// <summary>
    /// "llama3": short wavelengths stay, long ones are divided by the factor, between them the frequency is interpolated.
    /// As in Llama 3.1 (Grattafiori et al. 2024, arXiv:2407.21783, and its configuration files).
    /// </summary>
    public static double[] Llama3(int rotatedDims, double theta, double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalLength)
    {
        double[] result = Default(rotatedDims, theta);
        for (int i = 0; i < result.Length; i++)
        {
            double turns = originalLength * result[i] / (2 * Math.PI);
            double kept = highFrequencyFactor == lowFrequencyFactor
                ? (turns >= lowFrequencyFactor ? 1 : 0)
                : Math.Clamp((turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor), 0, 1);
            result[i] = (1 - kept) * result[i] / factor + kept * result[i];
        }
        return result;
    }

    /// <summary>
    /// "longrope": every frequency is divided by its own factor; the long factors apply to all positions as soon as the pass is
    /// longer than the original length. Ding et al. 2024, arXiv:2402.13753.
    /// </summary>
    /// <param name="rotatedDims">Rotated numbers per head.</param>
    /// <param name="theta">The base.</param>
    /// <param name="factors">short_factor or long_factor: [rotatedDims / 2].</param>
    /// <exception cref="ArgumentException">The number of factors is not rotatedDims / 2.</exception>
    public static double[] LongRope(int rotatedDims, double theta, ReadOnlySpan<double> factors)
    {
        double[] result = Default(rotatedDims, theta);
        if (factors.Length != result.Length) throw new ArgumentException($"longrope: {factors.Length} factors, {result.Length} expected");
        for (int i = 0; i < result.Length; i++) result[i] /= factors[i];
        return result;
    }

    /// <summary>The factor on cosines and sines that goes with <see cref="LongRope"/>: sqrt(1 + ln(s) / ln(original)), s = longest / original; 1 when s is at most 1.</summary>
    public static double LongRopeAttentionFactor(int longestLength, int originalLength)
    {
        double s = longestLength / (double)originalLength;
        return s <= 1 ? 1 : Math.Sqrt(1 + Math.Log(s) / Math.Log(originalLength));
    }

    /// <summary>Frequencies divided by explicit factors, as GGUF files store them in the tensor <c>rope_freqs.weight</c>.</summary>
    public static double[] Divided(ReadOnlySpan<double> frequencies, ReadOnlySpan<float> factors)
    {
        if (factors.Length != frequencies.Length) throw new ArgumentException($"rope: {factors.Length} factors for {frequencies.Length} frequencies");
        double[] result = new double[frequencies.Length];
        for (int i = 0; i < result.Length; i++) result[i] = frequencies[i] / factors[i];
        return result;
    }
}

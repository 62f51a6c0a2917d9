using System.Buffers;
using System.Numerics.Tensors;

namespace Hone.Inference.Sampling;

/// <summary>Divides all logits by a temperature: below 1 sharpens, above 1 flattens.</summary>
public sealed class Temperature : ILogitsProcessor
{
    private readonly float temperature;

    /// <param name="temperature">Positive and finite.</param>
    public Temperature(double temperature)
    {
        this.temperature = (float)temperature;
        if (!(this.temperature > 0) || !float.IsFinite(this.temperature)) throw SamplingErrors.Wrong("temperature", temperature, "a positive number");
    }

    public void Apply(Span<float> logits, TokenHistory history) => TensorPrimitives.Divide(logits, temperature, logits);
}

/// <summary>
/// Temperature that follows the entropy H of the distribution, as in llama.cpp: between temperature - range and temperature +
/// range, at (H / ln n)^exponent of the way. n counts the tokens that are still allowed.
/// </summary>
public sealed class DynamicTemperature : ILogitsProcessor
{
    private readonly double low, high, exponent;

    /// <param name="temperature">Middle.</param>
    /// <param name="range">How far it goes to either side; positive.</param>
    /// <param name="exponent">Shape of the curve.</param>
    public DynamicTemperature(double temperature, double range, double exponent = 1)
    {
        if (!(temperature > 0) || !double.IsFinite(temperature)) throw SamplingErrors.Wrong("temperature", temperature, "a positive number");
        if (!(range > 0) || !double.IsFinite(range)) throw SamplingErrors.Wrong("temperature range", range, "a positive number");
        (low, high, this.exponent) = (Math.Max(0, temperature - range), temperature + range, exponent);
    }

    public void Apply(Span<float> logits, TokenHistory history)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(logits.Length);
        Span<double> p = rented.AsSpan(0, logits.Length);
        Probabilities.Softmax(logits, p);
        double entropy = Probabilities.Entropy(p);
        int allowed = logits.Length - TensorPrimitivesCount.NegativeInfinities(logits);
        ArrayPool<double>.Shared.Return(rented);
        if (allowed <= 1) return;
        double temperature = low + (high - low) * Math.Pow(entropy / Math.Log(allowed), exponent);
        if (temperature > 0) TensorPrimitives.Divide(logits, (float)temperature, logits);
        else Greedy.KeepBest(logits);
    }
}

/// <summary>Forbids everything but the best token, the first of equals.</summary>
public sealed class Greedy : ILogitsProcessor
{
    public void Apply(Span<float> logits, TokenHistory history) => KeepBest(logits);

    internal static void KeepBest(Span<float> logits)
    {
        int best = TensorPrimitives.IndexOfMax(logits);
        float value = logits[best];
        logits.Fill(float.NegativeInfinity);
        logits[best] = value;
    }
}

internal static class TensorPrimitivesCount
{
    public static int NegativeInfinities(ReadOnlySpan<float> values)
    {
        int count = 0;
        foreach (float value in values)
            if (float.IsNegativeInfinity(value)) count++;
        return count;
    }
}

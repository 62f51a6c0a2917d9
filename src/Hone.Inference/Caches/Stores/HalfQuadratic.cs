namespace Hone.Inference.Caches;

/// <summary>
/// Scales by the range of a group, zero points by half-quadratic optimisation (HQQ, Badri and Shaji 2023): the zero point that makes the
/// error sparse in the norm with p = 0.7. x ≈ (code - zero) / factor. The weight of the norm stays at 10: the published text lets it grow by 1 % a
/// step, the solver that the library uses by default does not.
/// </summary>
internal static class HalfQuadratic
{
    private const float Norm = 0.7f, Beta = 10, LargestFactor = 20_000, SmallestRange = 1e-4f;
    private const int Iterations = 20;

    /// <summary>Finds factor and zero point of every group.</summary>
    /// <param name="numbers">All numbers.</param>
    /// <param name="groups">How they are grouped.</param>
    /// <param name="bits">Bits of a code.</param>
    /// <param name="factors">[groups].</param>
    /// <param name="zeros">[groups].</param>
    public static void Fit(float[] numbers, FlatGroups groups, int bits, float[] factors, float[] zeros)
    {
        int top = (1 << bits) - 1;
        for (int g = 0; g < groups.Groups; g++) (factors[g], zeros[g]) = Start(numbers, groups, g, top);
        double best = double.PositiveInfinity;
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            double error = 0;
            for (int g = 0; g < groups.Groups; g++) error += Step(numbers, groups, g, top, Beta, factors[g], ref zeros[g]);
            error /= groups.Count;
            if (!(error < best)) break;
            best = error;
        }
    }

    /// <summary>The code of a number.</summary>
    public static byte Encode(float number, float factor, float zero, int bits) =>
        (byte)Math.Clamp(MathF.Round(number * factor + zero, MidpointRounding.ToEven), 0, (1 << bits) - 1);

    private static (float Factor, float Zero) Start(float[] numbers, FlatGroups groups, int group, int top)
    {
        (float low, float high) = (float.PositiveInfinity, float.NegativeInfinity);
        for (int i = 0; i < groups.Size; i++)
        {
            float x = numbers[groups.Place(group, i)];
            (low, high) = (MathF.Min(low, x), MathF.Max(high, x));
        }
        if (!float.IsFinite(low) || !float.IsFinite(high)) throw new HoneException("a key or value is not finite and cannot be rounded. The model's activations are broken for this input.");
        float factor = MathF.Min(LargestFactor, high - low <= SmallestRange ? 1 : top / (high - low));
        return (factor, -low * factor);
    }

    /// <summary>One step for a group; gives the sum of its absolute errors before the step.</summary>
    private static double Step(float[] numbers, FlatGroups groups, int group, int top, float beta, float factor, ref float zero)
    {
        double error = 0;
        float mean = 0, from = zero;
        for (int i = 0; i < groups.Size; i++)
        {
            float x = numbers[groups.Place(group, i)], code = Math.Clamp(MathF.Round(x * factor + from, MidpointRounding.ToEven), 0, top);
            float off = x - (code - from) / factor;
            error += Math.Abs(off);
            mean += code - (x - Shrink(off, beta)) * factor;
        }
        zero = mean / groups.Size;
        return error;
    }

    private static float Shrink(float x, float beta)
    {
        float size = MathF.Abs(x);
        // The power is infinite at 0, where nothing is left to shrink.
        return size == 0 ? 0 : MathF.Sign(x) * MathF.Max(0, size - MathF.Pow(size, Norm - 1) / beta);
    }
}

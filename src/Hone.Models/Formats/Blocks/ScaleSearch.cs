namespace Hone.Models.Formats.Blocks;

/// <summary>
/// Searches for the scale (and minimum) with which a few weights are rounded to codes at the least squared error. Rounding
/// makes the error jump, so a number of starting scales are tried; for the codes each gives, the best scale is a linear least
/// squares problem with a closed solution.
/// </summary>
internal static class ScaleSearch
{
    private const int Steps = 24;

    /// <summary>x ≈ scale · q with codes from <paramref name="low"/> to <paramref name="high"/>; a scale may be negative.</summary>
    /// <param name="x">At most 32 weights.</param>
    /// <returns>The scale of least squared error; 0 for weights that are all 0.</returns>
    public static float Symmetric(ReadOnlySpan<float> x, int low, int high)
    {
        float peak = BlockBits.SignedPeak(x);
        if (peak == 0) return 0;
        float best = 0;
        double bestGain = 0;
        for (int step = 0; step <= Steps; step++)
        {
            // From the peak lying a little beyond the far end of the codes to a little inside.
            float inverse = (low * (1.1f - 0.25f * step / Steps)) / peak;
            for (int sign = 1; sign >= -1; sign -= 2)
            {
                (double gain, float scale) = Fit(x, inverse * sign, low, high);
                if (gain > bestGain) (bestGain, best) = (gain, scale);
            }
        }
        return best;
    }

    /// <summary>x ≈ scale · q - min with codes from 0 to <paramref name="high"/>, scale ≥ 0 and min ≥ 0.</summary>
    /// <param name="x">At most 32 weights.</param>
    public static (float Scale, float Min) Affine(ReadOnlySpan<float> x, int high)
    {
        (float lowest, float highest) = BlockBits.Range(x);
        lowest = Math.Min(lowest, 0);
        if (highest <= lowest) return (0, -lowest);
        (float Scale, float Min) best = ((highest - lowest) / high, -lowest);
        double bestError = Error(x, best.Scale, best.Min, high);
        for (int step = 0; step <= Steps; step++)
        {
            float scale = (highest - lowest) / (high * (1.25f - 0.3f * step / Steps)), min = -lowest;
            for (int round = 0; round < 3; round++) // codes for the scale, scale for the codes, and again
            {
                (scale, min) = Refit(x, scale, min, high);
                double error = Error(x, scale, min, high);
                if (error < bestError) (bestError, best) = (error, (scale, min));
            }
        }
        return best;
    }

    /// <summary>Squared error of x ≈ scale · q - min with the best codes.</summary>
    public static double Error(ReadOnlySpan<float> x, float scale, float min, int high)
    {
        float inverse = BlockBits.Inverse(scale);
        double sum = 0;
        foreach (float value in x)
        {
            float code = Math.Clamp(MathF.Round((value + min) * inverse), 0, high);
            double difference = scale * code - min - value;
            sum += difference * difference;
        }
        return sum;
    }

    /// <summary>Squared error of x ≈ scale · q with the best codes.</summary>
    public static double Error(ReadOnlySpan<float> x, float scale, int low, int high)
    {
        float inverse = BlockBits.Inverse(scale);
        double sum = 0;
        foreach (float value in x)
        {
            double difference = scale * Math.Clamp(MathF.Round(value * inverse), low, high) - value;
            sum += difference * difference;
        }
        return sum;
    }

    /// <summary>With codes fixed the best scale is Σxq / Σq², and it takes (Σxq)² / Σq² off the squared error.</summary>
    private static (double Gain, float Scale) Fit(ReadOnlySpan<float> x, float inverse, int low, int high)
    {
        double xq = 0, qq = 0;
        foreach (float value in x)
        {
            float code = Math.Clamp(MathF.Round(value * inverse), low, high);
            xq += value * code;
            qq += code * code;
        }
        return qq == 0 ? (0, 0) : (xq * xq / qq, (float)(xq / qq));
    }

    /// <summary>Linear regression of x on the codes; where that asks for a negative minimum, the line goes through 0.</summary>
    private static (float Scale, float Min) Refit(ReadOnlySpan<float> x, float scale, float min, int high)
    {
        float inverse = BlockBits.Inverse(scale);
        double n = x.Length, sumX = 0, sumQ = 0, xq = 0, qq = 0;
        foreach (float value in x)
        {
            double code = Math.Clamp(MathF.Round((value + min) * inverse), 0, high);
            sumX += value;
            sumQ += code;
            xq += value * code;
            qq += code * code;
        }
        double determinant = n * qq - sumQ * sumQ;
        if (determinant <= 0) return (scale, min);
        double slope = (n * xq - sumX * sumQ) / determinant, intercept = (sumX - slope * sumQ) / n;
        if (intercept > 0) (slope, intercept) = (qq == 0 ? 0 : xq / qq, 0);
        return slope > 0 ? ((float)slope, (float)-intercept) : (scale, min);
    }
}

using System.Runtime.Intrinsics;

namespace Hone.Models.Formats.Blocks;

/// <summary>
/// Searches for the scale (and minimum) with which a few weights are rounded to codes at the least squared error. Rounding
/// makes the error jump, so a number of starting scales are tried; for the codes each gives, the best scale is a linear least
/// squares problem with a closed solution.
/// </summary>
internal static class ScaleSearch
{
    private const int Steps = 16;

    /// <summary>x ≈ scale · q with codes from <paramref name="low"/> to <paramref name="high"/>; a scale may be negative.</summary>
    /// <param name="x">16 or 32 weights.</param>
    /// <returns>The scale of least squared error; 0 for weights that are all 0.</returns>
    public static float Symmetric(ReadOnlySpan<float> x, int low, int high)
    {
        float peak = BlockBits.SignedPeak(x);
        if (peak == 0) return 0;
        float best = 0;
        float bestGain = 0;
        for (int step = 0; step <= Steps; step++)
        {
            // From the peak lying a little beyond the far end of the codes to a little inside.
            float inverse = (low * (1.1f - 0.25f * step / Steps)) / peak;
            for (int sign = 1; sign >= -1; sign -= 2)
            {
                (float gain, float scale) = Fit(x, inverse * sign, low, high);
                if (gain > bestGain) (bestGain, best) = (gain, scale);
            }
        }
        return best;
    }

    /// <summary>x ≈ scale · q - min with codes from 0 to <paramref name="high"/>, scale ≥ 0 and min ≥ 0.</summary>
    /// <param name="x">16 or 32 weights.</param>
    public static (float Scale, float Min) Affine(ReadOnlySpan<float> x, int high)
    {
        (float lowest, float highest) = BlockBits.Range(x);
        lowest = Math.Min(lowest, 0);
        if (highest <= lowest) return (0, -lowest);
        (float Scale, float Min) best = ((highest - lowest) / high, -lowest);
        float bestError = Error(x, best.Scale, best.Min, high);
        for (int step = 0; step <= Steps; step++)
        {
            float scale = (highest - lowest) / (high * (1.25f - 0.3f * step / Steps)), min = -lowest;
            for (int round = 0; round < 3; round++) // codes for the scale, scale for the codes, and again
            {
                (scale, min) = Refit(x, scale, min, high);
                float error = Error(x, scale, min, high);
                if (error < bestError) (bestError, best) = (error, (scale, min));
            }
        }
        return best;
    }

    /// <summary>Squared error of x ≈ scale · q - min with the best codes.</summary>
    public static float Error(ReadOnlySpan<float> x, float scale, float min, int high) => Error(x, scale, min, 0, high);

    /// <summary>Squared error of x ≈ scale · q with the best codes.</summary>
    public static float Error(ReadOnlySpan<float> x, float scale, int low, int high) => Error(x, scale, 0, low, high);

    private static float Error(ReadOnlySpan<float> x, float scale, float min, int low, int high)
    {
        Vector256<float> inverse = Vector256.Create(BlockBits.Inverse(scale)), sum = Vector256<float>.Zero;
        for (int i = 0; i < x.Length; i += 8)
        {
            Vector256<float> value = Vector256.Create(x.Slice(i, 8)) + Vector256.Create(min);
            Vector256<float> difference = Codes(value * inverse, low, high) * scale - value;
            sum += difference * difference;
        }
        return Vector256.Sum(sum);
    }

    /// <summary>With codes fixed the best scale is Σxq / Σq², and it takes (Σxq)² / Σq² off the squared error.</summary>
    private static (float Gain, float Scale) Fit(ReadOnlySpan<float> x, float inverse, int low, int high)
    {
        Vector256<float> xq = Vector256<float>.Zero, qq = Vector256<float>.Zero;
        for (int i = 0; i < x.Length; i += 8)
        {
            Vector256<float> value = Vector256.Create(x.Slice(i, 8)), code = Codes(value * inverse, low, high);
            xq += value * code;
            qq += code * code;
        }
        float product = Vector256.Sum(xq), square = Vector256.Sum(qq);
        return square == 0 ? (0, 0) : (product / square * product, product / square);
    }

    /// <summary>Linear regression of x on the codes; where that asks for a negative minimum, the line goes through 0.</summary>
    private static (float Scale, float Min) Refit(ReadOnlySpan<float> x, float scale, float min, int high)
    {
        Vector256<float> inverse = Vector256.Create(BlockBits.Inverse(scale)), zero = Vector256<float>.Zero;
        (Vector256<float> vx, Vector256<float> vq, Vector256<float> vxq, Vector256<float> vqq) = (zero, zero, zero, zero);
        for (int i = 0; i < x.Length; i += 8)
        {
            Vector256<float> value = Vector256.Create(x.Slice(i, 8)), code = Codes((value + Vector256.Create(min)) * inverse, 0, high);
            vx += value;
            vq += code;
            vxq += value * code;
            vqq += code * code;
        }
        double n = x.Length, sumX = Vector256.Sum(vx), sumQ = Vector256.Sum(vq), xq = Vector256.Sum(vxq), qq = Vector256.Sum(vqq);
        double determinant = n * qq - sumQ * sumQ;
        if (determinant <= 0) return (scale, min);
        double slope = (n * xq - sumX * sumQ) / determinant, intercept = (sumX - slope * sumQ) / n;
        if (intercept > 0) (slope, intercept) = (qq == 0 ? 0 : xq / qq, 0);
        return slope > 0 ? ((float)slope, (float)-intercept) : (scale, min);
    }

    private static Vector256<float> Codes(Vector256<float> scaled, int low, int high) =>
        Vector256.Min(Vector256.Max(Vector256.Round(scaled), Vector256.Create((float)low)), Vector256.Create((float)high));
}

using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace Hone.Evaluation.Statistics;

/// <summary>Distribution functions, with quantiles refined where the library's own are too coarse for 1e-8.</summary>
public static class Distributions
{
    /// <summary>P(T ≤ x) for Student's t.</summary>
    public static double StudentT(double x, double degrees)
    {
        double tail = 0.5 * BetaCdf(degrees / 2, 0.5, degrees / (degrees + x * x));
        return x > 0 ? 1 - tail : tail;
    }

    /// <summary>P(|T| ≥ |x|) for Student's t, accurate far out.</summary>
    public static double StudentTTwoSided(double x, double degrees) =>
        double.IsInfinity(x) ? 0 : BetaCdf(degrees / 2, 0.5, degrees / (degrees + x * x));

    /// <summary>x with P(T ≤ x) = q.</summary>
    public static double StudentTQuantile(double degrees, double q)
    {
        if (q == 0.5) return 0;
        double tail = 2 * Math.Min(q, 1 - q);
        double y = BetaQuantile(degrees / 2, 0.5, tail);
        double x = Math.Sqrt(degrees * (1 - y) / y);
        return q < 0.5 ? -x : x;
    }

    /// <summary>P(X ≤ x) for chi-square.</summary>
    public static double ChiSquare(double x, double degrees) => x <= 0 ? 0 : SpecialFunctions.GammaLowerRegularized(degrees / 2, x / 2);

    /// <summary>P(X &gt; x) for chi-square, accurate far out.</summary>
    public static double ChiSquareTail(double x, double degrees) => x <= 0 ? 1 : SpecialFunctions.GammaUpperRegularized(degrees / 2, x / 2);

    /// <summary>x with P(X ≤ x) = q for chi-square.</summary>
    public static double ChiSquareQuantile(double degrees, double q) => Root(x => ChiSquare(x, degrees) - q, 0, UpperBound(x => ChiSquare(x, degrees), q));

    /// <summary>P(X ≤ x) for the F distribution.</summary>
    public static double F(double x, double numerator, double denominator) =>
        x <= 0 ? 0 : BetaCdf(numerator / 2, denominator / 2, numerator * x / (numerator * x + denominator));

    /// <summary>x with P(X ≤ x) = q for the F distribution.</summary>
    public static double FQuantile(double numerator, double denominator, double q)
    {
        double y = BetaQuantile(numerator / 2, denominator / 2, q);
        return denominator * y / (numerator * (1 - y));
    }

    /// <summary>P(X ≤ x) for Beta(a, b).</summary>
    public static double BetaCdf(double a, double b, double x) => x <= 0 ? 0 : x >= 1 ? 1 : SpecialFunctions.BetaRegularized(a, b, x);

    /// <summary>x with P(X ≤ x) = q for Beta(a, b).</summary>
    public static double BetaQuantile(double a, double b, double q) => q <= 0 ? 0 : q >= 1 ? 1 : Root(x => BetaCdf(a, b, x) - q, 0, 1);

    /// <summary>P(Z ≤ x) for the standard normal.</summary>
    public static double Gauss(double x) => 0.5 * SpecialFunctions.Erfc(-x / Constants.Sqrt2);

    /// <summary>x with P(Z ≤ x) = q.</summary>
    public static double GaussQuantile(double q) => Normal.InvCDF(0, 1, q);

    /// <summary>ln C(n, k).</summary>
    public static double LogChoose(double n, double k) => SpecialFunctions.GammaLn(n + 1) - SpecialFunctions.GammaLn(k + 1) - SpecialFunctions.GammaLn(n - k + 1);

    /// <summary>P(X = k) for Binomial(n, p).</summary>
    public static double BinomialPoint(long n, double p, long k)
    {
        if (k < 0 || k > n) return 0;
        if (p <= 0) return k == 0 ? 1 : 0;
        if (p >= 1) return k == n ? 1 : 0;
        return Math.Exp(LogChoose(n, k) + k * Math.Log(p) + (n - k) * SpecialFunctions.Log1p(-p));
    }

    /// <summary>P(X ≤ k) for Binomial(n, p).</summary>
    public static double Binomial(long n, double p, long k) => k < 0 ? 0 : k >= n ? 1 : BetaCdf(n - k, k + 1, 1 - p);

    /// <summary>P(X &gt; k) for Binomial(n, p), accurate when small.</summary>
    public static double BinomialTail(long n, double p, long k) => k < 0 ? 1 : k >= n ? 0 : BetaCdf(k + 1, n - k, p);

    /// <summary>Bisection in floating steps, then as tight as doubles allow: the functions here are monotone.</summary>
    private static double Root(Func<double, double> f, double low, double high)
    {
        for (int i = 0; i < 1100; i++)
        {
            // The geometric mean finds tiny quantiles, where halving the interval would take a thousand steps.
            double middle = low > 0 && high / low > 4 ? Math.Sqrt(low) * Math.Sqrt(high) : low == 0 && high > 1e-300 && i < 40 ? high / 16 : low + (high - low) / 2;
            if (middle <= low || middle >= high) break;
            if (f(middle) < 0) low = middle;
            else high = middle;
        }
        return low + (high - low) / 2;
    }

    private static double UpperBound(Func<double, double> cdf, double q)
    {
        double high = 1;
        while (cdf(high) < q) high *= 2;
        return high;
    }
}

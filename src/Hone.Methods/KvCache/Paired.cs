using Hone.Core;
using Hone.Evaluation.Statistics;

namespace Hone.Methods.KvCache;

/// <summary>Differences of two settings on the same prompts, with 95 % bootstrap intervals.</summary>
internal static class Paired
{
    private const int Resamples = 2000;

    /// <summary>Mean of a - b.</summary>
    public static Measured Difference(IReadOnlyList<double> a, IReadOnlyList<double> b, long seed) => Mean([.. a.Zip(b, (x, y) => x - y)], seed);

    /// <summary>Mean of values.</summary>
    public static Measured Mean(IReadOnlyList<double> values, long seed)
    {
        double mean = Means.Mean(values);
        if (values.Count < 2) return new(mean, double.NegativeInfinity, double.PositiveInfinity);
        Interval interval = Bootstrap.Percentile(mean, Bootstrap.Distribution(values, Means.Mean, new RandomStream(seed, "kv/bootstrap"), Resamples));
        return new(mean, Math.Min(mean, interval.Low), Math.Max(mean, interval.High));
    }
}

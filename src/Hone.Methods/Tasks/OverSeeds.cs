using Hone.Core;
using Hone.Evaluation.Statistics;

namespace Hone.Methods.Tasks;

/// <summary>What reproductions say about a handful of seeds.</summary>
public static class OverSeeds
{
    /// <summary>Mean with Student's 95 % interval; one seed alone has no interval and decides nothing.</summary>
    public static Measured Mean(IEnumerable<double> values)
    {
        double[] all = [.. values];
        if (all.Length < 2) return new(all[0], double.NegativeInfinity, double.PositiveInfinity);
        Interval interval = Means.WithTInterval(all);
        return new(interval.Value, interval.Low, interval.High);
    }

    /// <summary>Mean of the differences of two arms that saw the same seeds.</summary>
    public static Measured Difference<T>(IReadOnlyList<T> arm, IReadOnlyList<T> baseline, Func<T, double> value) =>
        Difference(arm, baseline, (a, b) => value(a) - value(b));

    /// <summary>The same for a difference, or ratio, that is more than one number of each.</summary>
    public static Measured Difference<T>(IReadOnlyList<T> arm, IReadOnlyList<T> baseline, Func<T, T, double> value) => Mean(arm.Zip(baseline, value));
}

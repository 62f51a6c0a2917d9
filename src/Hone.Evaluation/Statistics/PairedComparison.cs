namespace Hone.Evaluation.Statistics;

/// <summary>Two systems, or one before and after, judged right or wrong on the same items.</summary>
public sealed record PairedComparison
{
    /// <summary>Items.</summary>
    public required int Count { get; init; }

    /// <summary>Share right before, with Wilson's interval.</summary>
    public required Interval Before { get; init; }

    /// <summary>Share right after, with Wilson's interval.</summary>
    public required Interval After { get; init; }

    /// <summary>After − before, with Agresti and Min's interval for paired proportions.</summary>
    public required Interval Difference { get; init; }

    /// <summary>Items wrong before and right after.</summary>
    public required int Gained { get; init; }

    /// <summary>Items right before and wrong after.</summary>
    public required int Lost { get; init; }

    /// <summary>Two-sided p value of McNemar's exact test.</summary>
    public required double PValue { get; init; }

    /// <summary>Compares; both lists in the same order of items.</summary>
    /// <exception cref="ArgumentException">Different lengths, or no items.</exception>
    public static PairedComparison Of(IReadOnlyList<bool> before, IReadOnlyList<bool> after, double level = 0.95)
    {
        if (before.Count != after.Count || before.Count == 0)
            throw new ArgumentException($"need equally many judgements, at least one; got {before.Count} and {after.Count}.");
        int gained = before.Zip(after).Count(p => !p.First && p.Second), lost = before.Zip(after).Count(p => p.First && !p.Second);
        return new()
        {
            Count = before.Count,
            Before = Proportions.Wilson(before.Count(b => b), before.Count, level),
            After = Proportions.Wilson(after.Count(a => a), after.Count, level),
            Difference = DifferenceOf(gained, lost, before.Count, level),
            Gained = gained,
            Lost = lost,
            PValue = PairedTests.McNemarExact(lost, gained),
        };
    }

    /// <summary>
    /// Agresti and Min 2005, "Simple improved confidence intervals for comparing matched proportions": half an item is added to each of
    /// the four cells, then the usual formula is applied.
    /// </summary>
    private static Interval DifferenceOf(int gained, int lost, int count, double level)
    {
        double n = count + 2, up = gained + 0.5, down = lost + 0.5;
        double centre = (up - down) / n, half = Distributions.GaussQuantile((1 + level) / 2) * Math.Sqrt(up + down - (up - down) * (up - down) / n) / n;
        return new((double)(gained - lost) / count, Math.Max(-1, centre - half), Math.Min(1, centre + half), level);
    }
}

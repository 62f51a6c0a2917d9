using Hone.Evaluation.Statistics;

namespace Hone.Evaluation.TailMetrics;

/// <summary>Computes a <see cref="TailReport"/>.</summary>
public static class TailCalculator
{
    /// <summary>Measures one round.</summary>
    /// <param name="outcomes">One entry per question, at least one.</param>
    /// <param name="target">Correct solutions wanted per question, 1 or more.</param>
    /// <param name="referenceTokens">Lengths of the reference solutions; may be empty.</param>
    public static TailReport Compute(IReadOnlyList<QuestionOutcome> outcomes, int target, IReadOnlyList<int> referenceTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(outcomes.Count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(target, 1);
        double[] rows = [.. outcomes.Select(o => (double)o.Kept.Count)];
        double[] keptByLevel = ShareByLevel(outcomes, o => o.Kept.Count), questionsByLevel = ShareByLevel(outcomes, _ => 1);
        int[] solved = [.. outcomes.Select(o => o.Correct)];
        return new()
        {
            CorrectHistogram = Histogram(solved),
            ShareUnsolved = Share(solved, c => c == 0),
            ShareShort = Share(solved, c => c > 0 && c < target),
            ShareSatisfied = Share(solved, c => c >= target),
            Coverage = Share(solved, c => c > 0),
            KeptShareByLevel = keptByLevel,
            QuestionShareByLevel = questionsByLevel,
            TailRatio = TailRatio(keptByLevel, questionsByLevel),
            NormalisedEntropy = NormalisedEntropy(rows),
            Gini = Gini(rows),
            KeptLength = Summary([.. outcomes.SelectMany(o => o.Kept).Select(k => (double)k.Tokens)]),
            ReferenceLength = Summary([.. referenceTokens.Select(t => (double)t)]),
            DistinctPerQuestion = outcomes.Where(o => o.Kept.Count > 0).Select(o => (double)Distinct(o)).DefaultIfEmpty(0).Average(),
        };
    }

    /// <summary>Entropy of shares over the logarithm of their number; 1 for a single question with rows, NaN without rows.</summary>
    public static double NormalisedEntropy(IReadOnlyList<double> rows)
    {
        double sum = rows.Sum();
        if (sum == 0) return double.NaN;
        if (rows.Count == 1) return 1;
        return -rows.Where(r => r > 0).Sum(r => r / sum * Math.Log(r / sum)) / Math.Log(rows.Count);
    }

    /// <summary>Gini coefficient: mean absolute difference over twice the mean; NaN without rows.</summary>
    public static double Gini(IReadOnlyList<double> rows)
    {
        double[] sorted = [.. rows];
        Array.Sort(sorted);
        double sum = 0, weighted = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            sum += sorted[i];
            weighted += (2.0 * (i + 1) - sorted.Length - 1) * sorted[i];
        }
        return sum == 0 ? double.NaN : weighted / (sorted.Length * sum);
    }

    private static double TailRatio(double[] kept, double[] questions)
    {
        int hardest = Array.FindLastIndex(questions, q => q > 0);
        return double.IsNaN(kept[hardest]) ? double.NaN : kept[hardest] / questions[hardest];
    }

    private static int[] Histogram(int[] solved)
    {
        int[] histogram = new int[solved.Max() + 1];
        foreach (int c in solved) histogram[c]++;
        return histogram;
    }

    private static double Share(int[] solved, Func<int, bool> test) => (double)solved.Count(test) / solved.Length;

    private static double[] ShareByLevel(IReadOnlyList<QuestionOutcome> outcomes, Func<QuestionOutcome, int> weight)
    {
        double[] sums = new double[Difficulty.Levels];
        foreach (QuestionOutcome outcome in outcomes) sums[Math.Clamp(outcome.Difficulty, 1, Difficulty.Levels) - 1] += weight(outcome);
        double total = sums.Sum();
        return [.. sums.Select(s => s / total)];
    }

    private static LengthSummary Summary(double[] lengths) => lengths.Length == 0
        ? new(double.NaN, double.NaN, double.NaN)
        : new(lengths.Average(), Means.Quantile(lengths, 0.9), Means.Quantile(lengths, 0.99));

    private static int Distinct(QuestionOutcome outcome) =>
        outcome.Kept.Select(k => string.Join(' ', k.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))).Distinct().Count();
}

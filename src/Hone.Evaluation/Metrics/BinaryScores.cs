namespace Hone.Evaluation.Metrics;

/// <summary>A bin of a calibration table: items with (low, high], their mean score and share of positives.</summary>
public readonly record struct CalibrationBin(double Low, double High, int Count, double MeanScore, double ShareRight);

/// <summary>Measures of scores against labels of yes and no, as scikit-learn defines them.</summary>
public static class BinaryScores
{
    /// <summary>
    /// Receiver operating characteristic: false and true positive rate at each distinct score, from none (threshold ∞) to all.
    /// </summary>
    public static (double[] FalsePositive, double[] TruePositive, double[] Thresholds) Roc(IReadOnlyList<bool> labels, IReadOnlyList<double> scores)
    {
        double positives = labels.Count(l => l), negatives = labels.Count - positives;
        List<double> fpr = [0], tpr = [0], thresholds = [double.PositiveInfinity];
        double right = 0, wrong = 0;
        foreach (var group in labels.Zip(scores, (l, s) => (Label: l, Score: s)).GroupBy(p => p.Score).OrderByDescending(g => g.Key))
        {
            right += group.Count(p => p.Label);
            wrong += group.Count(p => !p.Label);
            fpr.Add(wrong / negatives);
            tpr.Add(right / positives);
            thresholds.Add(group.Key);
        }
        return ([.. fpr], [.. tpr], [.. thresholds]);
    }

    /// <summary>Area under the ROC curve: probability that a positive item scores above a negative one, ties half.</summary>
    public static double RocArea(IReadOnlyList<bool> labels, IReadOnlyList<double> scores)
    {
        (double[] x, double[] y, _) = Roc(labels, scores);
        return Enumerable.Range(1, x.Length - 1).Sum(i => (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2);
    }

    /// <summary>Average precision: sum over thresholds of the gain in recall times the precision there (steps, not trapezoids).</summary>
    public static double AveragePrecision(IReadOnlyList<bool> labels, IReadOnlyList<double> scores)
    {
        double positives = labels.Count(l => l), seen = 0, right = 0, sum = 0;
        foreach (var group in labels.Zip(scores, (l, s) => (Label: l, Score: s)).GroupBy(p => p.Score).OrderByDescending(g => g.Key))
        {
            double gained = group.Count(p => p.Label);
            (seen, right) = (seen + group.Count(), right + gained);
            sum += gained / positives * (right / seen);
        }
        return sum;
    }

    /// <summary>Mean squared difference between probability and outcome.</summary>
    public static double Brier(IReadOnlyList<bool> labels, IReadOnlyList<double> probabilities) => labels.Zip(probabilities, (l, p) => Math.Pow(p - (l ? 1 : 0), 2)).Average();

    /// <summary>Mean negative log-likelihood, probabilities kept at least <paramref name="clip"/> from 0 and 1.</summary>
    public static double LogLoss(IReadOnlyList<bool> labels, IReadOnlyList<double> probabilities, double clip = 1e-15) =>
        -labels.Zip(probabilities, (l, p) => Math.Log(Math.Clamp(l ? p : 1 - p, clip, 1 - clip))).Average();

    /// <summary>Non-empty bins of equal width, closed on the right; 0 falls into the first.</summary>
    public static IReadOnlyList<CalibrationBin> Calibration(IReadOnlyList<bool> labels, IReadOnlyList<double> probabilities, int bins = 10) =>
        [.. labels.Zip(probabilities, (l, p) => (Label: l, Score: p, Bin: BinOf(p, bins))).GroupBy(i => i.Bin).OrderBy(g => g.Key)
            .Select(g => new CalibrationBin((double)g.Key / bins, (g.Key + 1.0) / bins, g.Count(), g.Average(i => i.Score), g.Average(i => i.Label ? 1.0 : 0.0)))];

    /// <summary>Expected calibration error: mean distance between score and share of positives, weighted by bin.</summary>
    public static double CalibrationError(IReadOnlyList<bool> labels, IReadOnlyList<double> probabilities, int bins = 10) =>
        Calibration(labels, probabilities, bins).Sum(b => b.Count * Math.Abs(b.MeanScore - b.ShareRight)) / labels.Count;

    /// <summary>The lowest bin whose upper edge, as a double, is not below p: 0.3 falls into (0.2, 0.3] whatever 0.3 · 10 rounds to.</summary>
    private static int BinOf(double p, int bins)
    {
        int bin = 0;
        while (bin < bins - 1 && p > (bin + 1.0) / bins) bin++;
        return bin;
    }
}

namespace Hone.Evaluation.Metrics;

/// <summary>Precision, recall and F1, each 0..1; 0 where undefined.</summary>
public readonly record struct ClassScores(double Precision, double Recall, double F1, int Support);

/// <summary>Counts of reference label against answer, and what follows from them.</summary>
public sealed class ConfusionMatrix
{
    private readonly int[,] counts;

    /// <param name="labels">Known labels; both lists may hold only these.</param>
    /// <param name="gold">Reference labels.</param>
    /// <param name="predicted">Answers in the same order.</param>
    public ConfusionMatrix(IReadOnlyList<string> labels, IReadOnlyList<string> gold, IReadOnlyList<string> predicted)
    {
        if (gold.Count != predicted.Count || gold.Count == 0) throw new ArgumentException($"need equally many labels and answers, at least one; got {gold.Count} and {predicted.Count}.");
        Labels = labels;
        counts = new int[labels.Count, labels.Count];
        Dictionary<string, int> index = labels.Select((l, i) => (l, i)).ToDictionary(p => p.l, p => p.i);
        for (int i = 0; i < gold.Count; i++) counts[index[gold[i]], index[predicted[i]]]++;
        Total = gold.Count;
    }

    public IReadOnlyList<string> Labels { get; }

    public int Total { get; }

    /// <summary>Items of label <paramref name="gold"/> answered with <paramref name="predicted"/>, by index.</summary>
    public int this[int gold, int predicted] => counts[gold, predicted];

    /// <summary>Share on the diagonal.</summary>
    public double Accuracy => Each(i => counts[i, i]).Sum() / Total;

    /// <summary>Mean recall over labels that occur.</summary>
    public double BalancedAccuracy => Each(i => i).Where(i => Row((int)i) > 0).Average(i => counts[(int)i, (int)i] / (double)Row((int)i));

    /// <summary>Scores of one label.</summary>
    public ClassScores Of(int label)
    {
        double right = counts[label, label], precision = Ratio(right, Column(label)), recall = Ratio(right, Row(label));
        return new(precision, recall, Ratio(2 * precision * recall, precision + recall), Row(label));
    }

    /// <summary>Unweighted mean over labels.</summary>
    public ClassScores Macro => Mean(_ => 1);

    /// <summary>Mean over labels weighted by how often they occur.</summary>
    public ClassScores Weighted => Mean(Row);

    /// <summary>Matthews' correlation for any number of labels (Gorodkin 2004); 0 where undefined.</summary>
    public double Matthews
    {
        get
        {
            double right = Each(i => counts[i, i]).Sum(), cross = Each(i => (double)Row(i) * Column(i)).Sum();
            double rows = Each(i => Math.Pow(Row(i), 2)).Sum(), columns = Each(i => Math.Pow(Column(i), 2)).Sum(), square = Math.Pow(Total, 2);
            return Ratio(right * Total - cross, Math.Sqrt((square - columns) * (square - rows)));
        }
    }

    private ClassScores Mean(Func<int, int> weight)
    {
        ClassScores[] scores = [.. Enumerable.Range(0, Labels.Count).Select(Of)];
        double total = Each(i => weight(i)).Sum();
        double Average(Func<ClassScores, double> part) => scores.Select((s, i) => weight(i) * part(s)).Sum() / total;
        return new(Average(s => s.Precision), Average(s => s.Recall), Average(s => s.F1), Total);
    }

    private IEnumerable<double> Each(Func<int, double> value) => Enumerable.Range(0, Labels.Count).Select(value);

    private int Row(int label) => Enumerable.Range(0, Labels.Count).Sum(j => counts[label, j]);

    private int Column(int label) => Enumerable.Range(0, Labels.Count).Sum(i => counts[i, label]);

    private static double Ratio(double top, double bottom) => bottom == 0 ? 0 : top / bottom;
}

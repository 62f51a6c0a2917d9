using Hone.Training.Objectives;
using Hone.Training.Objectives.Values;

namespace Hone.Methods.Scir;

/// <summary>What is logged of every step.</summary>
internal static class ScirMetrics
{
    public static void Add(
        MetricSums metrics, IReadOnlyList<IInternalReward> rewards, double[][] p, int[] agreed, int[] labels, ScirBatch rows, PairColumns scores, double[] penalty, double[] dpo)
    {
        int pairs = labels.Length;
        metrics.Add("agreement", Share(pairs, i => p.All(x => x[i] > 0.5) || p.All(x => x[i] < 0.5)), pairs);
        metrics.Add("consistent", Share(pairs, i => agreed[i] != 0), pairs);
        metrics.Add("selected", Share(pairs, i => labels[i] != 0), pairs);
        metrics.Add("batches_without_label", labels.All(l => l == 0) ? 1 : 0);
        metrics.Add("penalty", penalty.Average(), pairs);
        int[] chosen = [.. Enumerable.Range(0, pairs).Where(i => labels[i] != 0)];
        if (chosen.Length > 0)
        {
            metrics.Add("loss/dpo", chosen.Average(i => dpo[i]), chosen.Length);
            // Labels that follow the place an answer is shown at, or its length, are a judge's usual faults.
            metrics.Add("label/first", chosen.Average(i => labels[i] > 0 ? 1.0 : 0), chosen.Length);
            metrics.Add("label/longer", chosen.Average(i => Math.Sign(scores.FirstLength[i] - scores.SecondLength[i]) * labels[i]), chosen.Length);
        }
        for (int r = 0; r < rewards.Count; r++) metrics.Add($"confidence/{rewards[r].Name}", p[r].Average(x => Math.Abs(x - 0.5)), pairs);
        (double[] given, double[] swapped) = ([.. scores.AsGiven.Values.Select(Column.Logistic)], [.. scores.Swapped.Values.Select(Column.Logistic)]);
        metrics.Add("judge/swap_inconsistency", given.Zip(swapped, (a, b) => Math.Abs(a + b - 1)).Average(), pairs);
        AddGold(metrics, rewards, p, labels, rows.Column(ScirBatch.Gold));
    }

    /// <summary>Against the true preference, where a pair carries it.</summary>
    private static void AddGold(MetricSums metrics, IReadOnlyList<IInternalReward> rewards, double[][] p, int[] labels, double[] gold)
    {
        int[] known = [.. Enumerable.Range(0, gold.Length).Where(i => gold[i] != 0)];
        if (known.Length == 0) return;
        for (int r = 0; r < rewards.Count; r++)
            metrics.Add($"gold/{rewards[r].Name}", known.Average(i => (p[r][i] > 0.5) == (gold[i] > 0) ? 1.0 : 0), known.Length);
        int[] labelled = [.. known.Where(i => labels[i] != 0)];
        if (labelled.Length > 0) metrics.Add("gold/label", labelled.Average(i => labels[i] > 0 == gold[i] > 0 ? 1.0 : 0), labelled.Length);
    }

    private static double Share(int count, Func<int, bool> test) => Enumerable.Range(0, count).Count(test) / (double)count;
}

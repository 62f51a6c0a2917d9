namespace Hone.Training.Objectives.Preference;

/// <summary>Metrics of a batch of pairs under the names TRL's users plot.</summary>
internal static class PairMetrics
{
    /// <summary>rewards/chosen, rewards/rejected, rewards/margins, and rewards/accuracies, where a tie counts as lost.</summary>
    public static void AddRewards(this MetricSums metrics, double[] chosen, double[] rejected)
    {
        int pairs = chosen.Length;
        metrics.Add("rewards/chosen", chosen.Average(), pairs);
        metrics.Add("rewards/rejected", rejected.Average(), pairs);
        metrics.Add("rewards/margins", chosen.Zip(rejected, (c, r) => c - r).Average(), pairs);
        metrics.Add("rewards/accuracies", chosen.Zip(rejected, (c, r) => c > r ? 1.0 : 0).Average(), pairs);
    }

    /// <summary>logps/chosen and logps/rejected.</summary>
    public static void AddLogProbs(this MetricSums metrics, double[] chosen, double[] rejected)
    {
        metrics.Add("logps/chosen", chosen.Average(), chosen.Length);
        metrics.Add("logps/rejected", rejected.Average(), rejected.Length);
    }
}

namespace Hone.Training.Objectives;

/// <summary>Means over tokens.</summary>
internal static class TokenMetrics
{
    /// <summary>The mean over the tokens that belong to a group.</summary>
    public static void AddTokenMean(this MetricSums metrics, string name, double[] values, Func<int, bool> isIn)
    {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (!isIn(i)) continue;
            sum += values[i];
            count++;
        }
        if (count > 0) metrics.Add(name, sum / count, count);
    }
}

namespace Hone.Inference.Caches;

/// <summary>All queries of a prompt, for policies that look at them in pieces of their own.</summary>
internal sealed class AllQueries
{
    private readonly List<float> queries = [];

    /// <summary>[N, H · D], rotated.</summary>
    public ReadOnlySpan<float> Span => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(queries);

    public void Add(ReadOnlySpan<float> added) => queries.AddRange(added);

    public AllQueries Fork()
    {
        AllQueries fork = new();
        fork.queries.AddRange(queries);
        return fork;
    }
}

/// <summary>Scores of a layer brought to mean 0 and deviation 1, over all its heads together.</summary>
internal static class Standard
{
    public static void Scores(double[][] scores)
    {
        double[] all = [.. scores.SelectMany(s => s)];
        double mean = all.Average(), deviation = Math.Sqrt(all.Sum(s => (s - mean) * (s - mean)) / Math.Max(1, all.Length - 1));
        foreach (double[] head in scores)
            for (int i = 0; i < head.Length; i++) head[i] = (head[i] - mean) / Math.Max(deviation, 1e-6);
    }

    /// <summary>Fills single-precision scores.</summary>
    public static void CopyTo(double[][] from, float[][] to)
    {
        for (int head = 0; head < to.Length; head++)
            for (int i = 0; i < to[head].Length; i++) to[head][i] = (float)from[head][i];
    }
}

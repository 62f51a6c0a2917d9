namespace Hone.Methods.PrefixKv;

/// <summary>
/// The search of the released code, for comparison: bisects the threshold until the slots forgotten are off by fewer than five, then
/// scales and rounds down, so that it misses the budget by a few slots. Its loop can go on for ever; here it ends after 60 halvings.
/// </summary>
/// <param name="Threshold">Where it stopped.</param>
/// <param name="Iterations">Halvings.</param>
/// <param name="Forgotten">[L] before scaling.</param>
/// <param name="Scaled">[L] after.</param>
public sealed record ReleasedSearch(double Threshold, int Iterations, int[] Forgotten, int[] Scaled)
{
    private const int MostIterations = 60, Tolerance = 5;

    /// <param name="curves">One per layer, all of N slots.</param>
    /// <param name="forget">Share of slots to forget.</param>
    /// <param name="start">First slots that are always kept.</param>
    public static ReleasedSearch Run(IReadOnlyList<PriorityCurve> curves, double forget, int start)
    {
        int target = (int)(forget * curves.Count * curves[0].Tokens), protectedSlots = start + 1, iterations = 0;
        double low = 0, high = 1, threshold;
        int[] forgotten;
        do
        {
            threshold = (low + high) / 2;
            forgotten = [.. curves.Select(curve => Math.Max(0, curve.Tokens - curve.Needed(threshold) - protectedSlots))];
            iterations++;
            if (forgotten.Sum() > target) low = threshold;
            else high = threshold;
        }
        while (Math.Abs(forgotten.Sum() - target) >= Tolerance && iterations < MostIterations);
        double scale = forgotten.Sum() == 0 ? 0 : (double)target / forgotten.Sum();
        return new(threshold, iterations, forgotten, [.. forgotten.Select(f => (int)(f * scale))]);
    }
}

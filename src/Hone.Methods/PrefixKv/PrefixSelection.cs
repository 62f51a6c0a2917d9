namespace Hone.Methods.PrefixKv;

/// <summary>Which slots a layer keeps.</summary>
public static class PrefixSelection
{
    /// <summary>
    /// All but the least important: the first few and the last are kept in any case, and among equal scores the older slot goes first.
    /// </summary>
    /// <param name="scores">[N] importance.</param>
    /// <param name="start">First slots that are kept.</param>
    /// <param name="forget">Slots to drop; more than may be dropped drops all that may.</param>
    /// <returns>Ascending.</returns>
    public static int[] Keep(ReadOnlySpan<float> scores, int start, int forget)
    {
        int last = scores.Length - 1;
        float[] keys = scores.ToArray();
        int[] candidates = [.. Enumerable.Range(0, scores.Length).Where(slot => slot >= start && slot != last).OrderBy(slot => keys[slot]).ThenBy(slot => slot)];
        HashSet<int> dropped = [.. candidates.Take(Math.Max(0, forget))];
        return [.. Enumerable.Range(0, keys.Length).Where(slot => !dropped.Contains(slot))];
    }

    /// <summary>
    /// Where a slot goes while text is generated: always the same distance behind what the prompt left, so that its important slots and
    /// the newest tokens stay. Section 3.4 ("fixed-point elimination" of Elastic Cache).
    /// </summary>
    /// <param name="keptOfPrompt">Slots the prompt left.</param>
    /// <param name="distance">Usually -25.</param>
    /// <param name="slots">Slots there are now.</param>
    public static int FixedPlace(int keptOfPrompt, int distance, int slots)
    {
        int place = keptOfPrompt + distance;
        return place >= 1 && place < slots ? place : slots / 2;
    }
}

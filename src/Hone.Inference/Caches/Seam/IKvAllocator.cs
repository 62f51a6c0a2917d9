namespace Hone.Inference.Caches;

/// <summary>Divides a budget over layers and heads, by the scores of all of them.</summary>
public interface IKvAllocator
{
    /// <summary>Chooses the slots that are kept.</summary>
    /// <param name="scores">Of all layers.</param>
    /// <param name="target">Slots per head on average.</param>
    KvSelection Select(KvScores scores, KvTarget target);

    /// <summary>Whether heads of a layer may keep different numbers of slots.</summary>
    bool IsRagged => false;
}

/// <summary>Scores of all slots of one sequence.</summary>
public sealed class KvScores
{
    private readonly float[][][] scores;

    /// <param name="views">One per layer.</param>
    /// <param name="scores">[L][K][slots], higher is kept.</param>
    /// <exception cref="HoneException">A score is not a number.</exception>
    public KvScores(IReadOnlyList<IKvView> views, float[][][] scores)
    {
        (Views, this.scores) = (views, scores);
        for (int layer = 0; layer < scores.Length; layer++)
            for (int head = 0; head < scores[layer].Length; head++)
                if (Array.FindIndex(scores[layer][head], float.IsNaN) is >= 0 and int slot)
                    throw new HoneException($"layer {layer}, key head {head}: the score of slot {slot} is not a number. The model's keys or queries are not finite.");
    }

    /// <summary>L.</summary>
    public int Layers => scores.Length;

    /// <summary>K of a layer.</summary>
    public int KvHeads(int layer) => scores[layer].Length;

    /// <summary>The layers.</summary>
    public IReadOnlyList<IKvView> Views { get; }

    /// <summary>[slots] of a head.</summary>
    public ReadOnlySpan<float> this[int layer, int head] => scores[layer][head];
}

/// <summary>Which slots are kept.</summary>
/// <param name="Slots">[L][K][kept], ascending.</param>
public sealed record KvSelection(int[][][] Slots)
{
    /// <summary>Keeps the best slots of each head.</summary>
    /// <param name="scores">Scores.</param>
    /// <param name="kept">How many of a layer and head; more than there are means all.</param>
    public static KvSelection Best(KvScores scores, Func<int, int, int> kept) => new([.. Enumerable.Range(0, scores.Layers)
        .Select(layer => Enumerable.Range(0, scores.KvHeads(layer)).Select(head => TopSlots.Of(scores[layer, head], kept(layer, head))).ToArray())]);
}

/// <summary>The best of many scores.</summary>
public static class TopSlots
{
    /// <summary>Indices of the highest scores, ascending; among equal ones the lower index wins.</summary>
    public static int[] Of(ReadOnlySpan<float> scores, int count)
    {
        int[] order = Order(scores)[..Math.Clamp(count, 0, scores.Length)];
        Array.Sort(order);
        return order;
    }

    /// <summary>All indices, highest score first; among equal ones the lower index first.</summary>
    public static int[] Order(ReadOnlySpan<float> scores)
    {
        int[] order = [.. Enumerable.Range(0, scores.Length)];
        float[] keys = scores.ToArray();
        Array.Sort(order, (a, b) => keys[b].CompareTo(keys[a]) is var c and not 0 ? c : a.CompareTo(b));
        return order;
    }
}

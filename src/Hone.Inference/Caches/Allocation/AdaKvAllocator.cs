using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="AdaKvAllocator"/>.</summary>
public sealed record AdaKvOptions
{
    /// <summary>Share of its even budget that every head keeps at least.</summary>
    [Limits(AtLeast = 0, AtMost = 1), Unit("share")]
    public double Safeguard { get; init; } = 0.2;
}

/// <summary>
/// One ranking over all heads of a layer: heads whose attention is spread keep more slots than heads that look at few. Feng et al.
/// 2024, arXiv:2407.11550.
/// </summary>
[Component("adakv")]
public sealed class AdaKvAllocator(AdaKvOptions options) : IKvAllocator
{
    public bool IsRagged => true;

    public KvSelection Select(KvScores scores, KvTarget target) =>
        new([.. Enumerable.Range(0, scores.Layers).Select(layer => Layer(scores, layer, target.Kept))]);

    /// <summary>[K] how many slots each head of a layer gets.</summary>
    public int[] Counts(KvScores scores, int layer, int kept) => [.. Layer(scores, layer, kept).Select(slots => slots.Length)];

    private int[][] Layer(KvScores scores, int layer, int kept)
    {
        int heads = scores.KvHeads(layer), safe = Math.Max(1, (int)(kept * options.Safeguard));
        List<float> all = [];
        List<(int Head, int Slot)> places = [];
        for (int head = 0; head < heads; head++)
        {
            ReadOnlySpan<float> own = scores[layer, head];
            HashSet<int> protectedSlots = [.. TopSlots.Of(own, safe)];
            for (int slot = 0; slot < own.Length; slot++)
            {
                all.Add(protectedSlots.Contains(slot) ? float.PositiveInfinity : own[slot]);
                places.Add((head, slot));
            }
        }
        int[] chosen = TopSlots.Of([.. all], heads * kept);
        return [.. Enumerable.Range(0, heads).Select(head => chosen.Select(i => places[i]).Where(place => place.Head == head).Select(place => place.Slot).ToArray())];
    }
}

using Hone.Inference.Caches;

namespace Hone.Methods.PrefixKv;

/// <summary>
/// Importance of a layer's slots: attention received from all queries of the prompt. While text is generated nothing is added to it; the
/// slot at the fixed place is marked instead, when the layer holds more than its share.
/// </summary>
internal sealed class PrefixScorer : ILayerScorer
{
    /// <summary>Marks of generation: what goes, and what stays.</summary>
    public const float Goes = -1, Stays = float.PositiveInfinity;

    private readonly PrefixKvOptions options;
    private readonly AttentionSums sums;
    private int seen, keptOfPrompt;

    public PrefixScorer(PrefixKvOptions options, int kvHeads) => (this.options, sums) = (options, new AttentionSums(kvHeads));

    private PrefixScorer(PrefixScorer origin) =>
        (options, sums, seen, keptOfPrompt) = (origin.options, origin.sums.Fork(), origin.seen, origin.keptOfPrompt);

    public void Observe(IKvView view, ReadOnlySpan<float> queries)
    {
        if (keptOfPrompt == 0) sums.Observe(view, queries);
    }

    public void Score(IKvView view, KvTarget target, float[][] scores)
    {
        if (keptOfPrompt > 0)
        {
            Mark(view, scores);
            return;
        }
        seen = view.Seen;
        for (int slot = 0; slot < scores[0].Length; slot++)
        {
            double mean = 0;
            for (int head = 0; head < scores.Length; head++) mean += sums[head][slot] / scores.Length;
            scores[0][slot] = (float)(options.PerQuery ? mean / (view.NextPosition - view.Positions(0)[slot]) : mean);
        }
        for (int head = 1; head < scores.Length; head++) scores[0].CopyTo(scores[head], 0);
    }

    public void Keep(int kvHead, ReadOnlySpan<int> slots)
    {
        if (kvHead == 0 && keptOfPrompt == 0) keptOfPrompt = slots.Length;
    }

    public ILayerScorer Fork() => new PrefixScorer(this);

    private void Mark(IKvView view, float[][] scores)
    {
        int slots = view.Count(0), allowed = (int)((double)keptOfPrompt / seen * view.Seen + 1e-9);
        foreach (float[] head in scores)
        {
            Array.Fill(head, Stays);
            if (slots > allowed) head[PrefixSelection.FixedPlace(keptOfPrompt, options.Distance, slots)] = Goes;
        }
    }
}

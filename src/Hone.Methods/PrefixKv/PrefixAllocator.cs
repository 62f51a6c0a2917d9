using Hone.Core;
using Hone.Inference.Caches;

namespace Hone.Methods.PrefixKv;

/// <summary>Divides slots over layers by a profile, or by the importance of the prompt at hand.</summary>
internal sealed class PrefixAllocator : IKvAllocator
{
    private readonly PrefixKvOptions options;
    private readonly PrefixProfile? profile;

    public PrefixAllocator(PrefixKvOptions options)
    {
        this.options = options;
        profile = options.Profile is null ? null : PrefixProfile.Load(options.Profile);
    }

    public KvSelection Select(KvScores scores, KvTarget target)
    {
        if (scores[0, 0].IndexOf(PrefixScorer.Stays) >= 0) return Generating(scores);
        int tokens = scores[0, 0].Length;
        int[] kept = Kept(scores, target);
        return new([.. kept.Select((k, layer) =>
            Enumerable.Repeat(PrefixSelection.Keep(scores[layer, 0], options.Start, tokens - k), scores.KvHeads(layer)).ToArray())]);
    }

    private int[] Kept(KvScores scores, KvTarget target)
    {
        int layers = scores.Layers, tokens = scores[0, 0].Length, least = Math.Min(target.Kept, options.Start + 1);
        long budget = (long)layers * target.Kept;
        profile?.Check(scores.Views[0].Layer.Model.Config);
        if (profile is not null) return profile.Kept(layers, tokens, (double)target.Kept / tokens, least);
        return options.Layers switch
        {
            LayerRule.Prefix => PrefixConfiguration.Search(Curves(scores), budget, least).Kept,
            LayerRule.GlobalSum => PrefixConfiguration.GlobalSum(Curves(scores), budget, least),
            LayerRule.Pyramid => Pyramid(layers, tokens, target.Kept, least),
            _ => [.. Enumerable.Repeat(target.Kept, layers)],
        };
    }

    /// <summary>PyramidKV's schedule at its recommended slope; what every layer keeps anyway is its window.</summary>
    private static int[] Pyramid(int layers, int tokens, int kept, int least) =>
        [.. PyramidAllocator.OnTop(layers, tokens, kept, new PyramidOptions { Window = least }).Select(selected => selected + least)];

    /// <summary>One curve per layer; all heads of a layer score alike.</summary>
    public static IReadOnlyList<PriorityCurve> Curves(KvScores scores)
    {
        PriorityCurve[] curves = new PriorityCurve[scores.Layers];
        for (int layer = 0; layer < curves.Length; layer++)
        {
            ReadOnlySpan<float> own = scores[layer, 0];
            double[] importance = new double[own.Length];
            for (int i = 0; i < own.Length; i++) importance[i] = own[i];
            curves[layer] = new PriorityCurve(importance);
        }
        return curves;
    }

    private static KvSelection Generating(KvScores scores)
    {
        int[][][] slots = new int[scores.Layers][][];
        for (int layer = 0; layer < slots.Length; layer++)
        {
            float[] marks = scores[layer, 0].ToArray();
            int[] stays = [.. Enumerable.Range(0, marks.Length).Where(slot => marks[slot] != PrefixScorer.Goes)];
            slots[layer] = [.. Enumerable.Repeat(stays, scores.KvHeads(layer))];
        }
        return new(slots);
    }
}

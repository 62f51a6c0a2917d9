using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="ValueMerging"/>.</summary>
public sealed record MergeOptions
{
    /// <summary>Least cosine between keys for their values to be merged.</summary>
    [Limits(AtLeast = -1, AtMost = 1)]
    public double Similarity { get; init; }

    /// <summary>Share of the dropped tokens that is merged, the most similar first.</summary>
    [Limits(Above = 0, AtMost = 1), Unit("share")]
    public double Fraction { get; init; } = 1;
}

/// <summary>
/// The value of a dropped token is added to that of the kept token whose key is most like its own, by likeness and length. After token
/// merging (Bolya et al. 2023, arXiv:2210.09461) and D2O (Wan et al. 2024, arXiv:2406.13035).
/// </summary>
[Component("merge")]
public sealed class ValueMerging(MergeOptions options) : IKvAfterSelection
{
    private const float Least = 1e-6f;

    public void Apply(KvScores scores, KvSelection selection, IReadOnlyList<ILayerStore> stores)
    {
        for (int layer = 0; layer < stores.Count; layer++)
            for (int head = 0; head < selection.Slots[layer].Length; head++)
            {
                float[] values = scores.Views[layer].Values(head);
                Merge(scores.Views[layer].Keys(head), values, scores.Views[layer].Layer.HeadSize, selection.Slots[layer][head]);
                stores[layer].WriteValues(head, values);
            }
    }

    private void Merge(float[] keys, float[] values, int size, int[] kept)
    {
        int[] dropped = [.. Enumerable.Range(0, values.Length / size).Except(kept)];
        if (dropped.Length == 0 || kept.Length == 0) return;
        for (int t = 0; t < keys.Length / size; t++) Normalise(keys.AsSpan(t * size, size));
        (int Target, float Likeness)[] nearest = [.. dropped.Select(slot => Nearest(keys, size, slot, kept))];
        float threshold = Threshold(nearest);
        float[] sums = new float[values.Length], weights = new float[values.Length / size];
        for (int i = 0; i < dropped.Length; i++)
        {
            (int target, float likeness) = nearest[i];
            if (likeness < options.Similarity || likeness < threshold) continue;
            ReadOnlySpan<float> value = values.AsSpan(dropped[i] * size, size);
            float own = TensorPrimitives.Norm(value), weight = Math.Max(0, likeness) * own / (own + TensorPrimitives.Norm<float>(values.AsSpan(target * size, size)) + Least);
            Span<float> sum = sums.AsSpan(target * size, size);
            TensorPrimitives.MultiplyAdd(value, weight, sum, sum);
            weights[target] += weight;
        }
        foreach (int slot in kept)
        {
            if (weights[slot] == 0) continue;
            Span<float> value = values.AsSpan(slot * size, size);
            TensorPrimitives.Add(value, sums.AsSpan(slot * size, size), value);
            TensorPrimitives.Divide(value, 1 + weights[slot], value);
        }
    }

    /// <summary>Likeness below which too many would be merged: a quantile of those that are like enough, interpolated.</summary>
    private float Threshold((int Target, float Likeness)[] nearest)
    {
        if (options.Fraction >= 1 || !nearest.Any(n => n.Likeness >= options.Similarity)) return float.NegativeInfinity;
        float[] sorted = [.. nearest.Select(n => n.Likeness >= options.Similarity ? n.Likeness : float.NegativeInfinity).Order()];
        double place = (1 - options.Fraction) * (sorted.Length - 1);
        int low = (int)place;
        float below = sorted[low], above = sorted[Math.Min(low + 1, sorted.Length - 1)];
        return float.IsNegativeInfinity(below) ? below : (float)(below + (place - low) * (above - below));
    }

    private static void Normalise(Span<float> key) => TensorPrimitives.Divide(key, Math.Max(TensorPrimitives.Norm<float>(key), Least), key);

    private static (int Target, float Likeness) Nearest(float[] keys, int size, int slot, int[] kept)
    {
        (int best, float most) = (-1, float.NegativeInfinity);
        foreach (int candidate in kept)
        {
            float likeness = TensorPrimitives.Dot<float>(keys.AsSpan(slot * size, size), keys.AsSpan(candidate * size, size));
            if (likeness > most) (best, most) = (candidate, likeness);
        }
        return (best, most);
    }
}

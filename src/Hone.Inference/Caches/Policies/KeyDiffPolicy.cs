using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="KeyDiffPolicy"/>.</summary>
public sealed record KeyDiffOptions
{
    /// <summary>Go through the tokens in blocks of this size, as the paper does, each compared with what was kept so far; 0 compares all at once.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Block { get; init; }
}

/// <summary>Keeps keys that differ from the mean direction of all. Park et al. 2025, arXiv:2504.15364.</summary>
[Component("keydiff")]
public sealed class KeyDiffPolicy(KeyDiffOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new KeyDiffScorer(options.Block);

    private sealed class KeyDiffScorer(int block) : ILayerScorer
    {
        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            for (int head = 0; head < scores.Length; head++)
            {
                float[] keys = view.Keys(head);
                if (block == 0) Differences(keys, view.Layer.HeadSize, [.. Enumerable.Range(0, scores[head].Length)]).CopyTo(scores[head], 0);
                else foreach (int slot in InBlocks(keys, view.Layer.HeadSize, target.Kept)) scores[head][slot] = 1;
            }
        }

        private int[] InBlocks(float[] keys, int size, int kept)
        {
            int tokens = keys.Length / size;
            int[] best = [.. Enumerable.Range(0, Math.Min(kept, tokens))];
            for (int first = kept; first < tokens; first += block)
            {
                int[] candidates = [.. best, .. Enumerable.Range(first, Math.Min(block, tokens - first))];
                best = [.. TopSlots.Of(Differences(keys, size, candidates), kept).Select(i => candidates[i])];
            }
            return best;
        }

        /// <summary>Minus the cosine with the mean direction of some slots' keys.</summary>
        private static float[] Differences(float[] keys, int size, int[] slots)
        {
            float[] anchor = new float[size], scores = new float[slots.Length];
            foreach (int slot in slots)
            {
                ReadOnlySpan<float> key = keys.AsSpan(slot * size, size);
                TensorPrimitives.MultiplyAdd(key, 1 / Math.Max(TensorPrimitives.Norm(key), 1e-12f), anchor, anchor);
            }
            for (int i = 0; i < scores.Length; i++) scores[i] = -Cosine(keys.AsSpan(slots[i] * size, size), anchor);
            return scores;
        }

        private static float Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
            TensorPrimitives.Dot(a, b) / Math.Max(TensorPrimitives.Norm(a) * TensorPrimitives.Norm(b), 1e-12f);
    }
}

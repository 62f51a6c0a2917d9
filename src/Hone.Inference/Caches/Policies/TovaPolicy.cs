using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>
/// Keeps what the last token attends to, averaged over all heads of a layer, which all keep the same tokens. Oren et al. 2024,
/// arXiv:2401.06104.
/// </summary>
[Component("tova")]
public sealed class TovaPolicy : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new TovaScorer(new RecentQueries(1));

    private sealed class TovaScorer(RecentQueries recent) : ILayerScorer
    {
        public void Observe(IKvView view, ReadOnlySpan<float> queries) => recent.Add(view, queries);

        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            Mean mean = new(view.Count(0), view.Layer.Attention.Heads);
            for (int head = 0; head < scores.Length; head++) AttentionRows.Run(view, head, recent.Queries, recent.Positions, ref mean);
            int before = view.SlotsBefore(0, view.NextPosition - 1);
            float largest = before > 0 ? TensorPrimitives.Max<float>(mean.Total.AsSpan(0, before)) : 0;
            mean.Total.AsSpan(before).Fill(largest + 1);
            foreach (float[] head in scores) mean.Total.CopyTo(head, 0);
        }

        public void Renumbered() => recent.Clear();

        public ILayerScorer Fork() => new TovaScorer(recent.Fork());
    }

    private readonly struct Mean(int slots, int heads) : IAttentionRow
    {
        public float[] Total { get; } = new float[slots];

        public void Take(int query, int groupHead, Span<float> probabilities) => TensorPrimitives.MultiplyAdd(probabilities, 1f / heads, Total, Total);
    }
}

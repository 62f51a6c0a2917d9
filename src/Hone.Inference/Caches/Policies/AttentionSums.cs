using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Inference.Caches;

/// <summary>
/// Attention that each slot received from all queries since its token came, summed over queries and averaged over the query heads
/// of a key head. Accumulated block by block as queries pass, so that a long prompt's attention never lies in memory whole.
/// </summary>
public sealed class AttentionSums
{
    private readonly List<double>[] sums;

    /// <param name="kvHeads">K.</param>
    public AttentionSums(int kvHeads) => sums = [.. Enumerable.Range(0, kvHeads).Select(_ => new List<double>())];

    private AttentionSums(AttentionSums origin) => sums = [.. origin.sums.Select(list => new List<double>(list))];

    /// <summary>[slots] of a head.</summary>
    public IReadOnlyList<double> this[int head] => sums[head];

    /// <summary>Adds the attention of the tokens that a view saw last.</summary>
    public void Observe(IKvView view, ReadOnlySpan<float> queries)
    {
        int width = view.Layer.Attention.Heads * view.Layer.HeadSize, count = queries.Length / width;
        int[] positions = [.. Enumerable.Range(view.NextPosition - count, count)];
        Job job = new(this, view, queries, positions);
        view.Layer.Workers.For(sums.Length, 1, ref job);
    }

    public void Keep(int head, ReadOnlySpan<int> slots)
    {
        List<double> old = sums[head], kept = new(slots.Length);
        foreach (int slot in slots) kept.Add(old[slot]);
        sums[head] = kept;
    }

    public AttentionSums Fork() => new(this);

    private readonly ref struct Job(AttentionSums owner, IKvView view, ReadOnlySpan<float> queries, int[] positions) : IRangeJob
    {
        private readonly ReadOnlySpan<float> queries = queries;

        public void Run(int worker, int start, int end)
        {
            for (int head = start; head < end; head++)
            {
                List<double> total = owner.sums[head];
                while (total.Count < view.Count(head)) total.Add(0);
                Adding row = new(total, 1.0 / view.Layer.Group, new float[total.Count]);
                AttentionRows.Run(view, head, queries, positions, ref row);
                row.Flush();
            }
        }
    }

    /// <summary>Adds rows in single precision, a few at a time, and those sums in double.</summary>
    private struct Adding(List<double> total, double weight, float[] block) : IAttentionRow
    {
        private const int BlockRows = 64;
        private int rows;

        public void Take(int query, int groupHead, Span<float> probabilities)
        {
            TensorPrimitives.Add(block, probabilities, block);
            if (++rows == BlockRows) Flush();
        }

        public void Flush()
        {
            for (int i = 0; i < block.Length; i++) total[i] += weight * block[i];
            block.AsSpan().Clear();
            rows = 0;
        }
    }
}

using System.Numerics.Tensors;
using Hone.Tensors.Kernels;
using Hone.Tensors.Ops;

namespace Hone.Inference.Caches;

/// <summary>What is done with a row of attention probabilities.</summary>
internal interface IAttentionRow
{
    /// <param name="query">Which of the queries.</param>
    /// <param name="groupHead">Which query head of the key head's group.</param>
    /// <param name="probabilities">[slots], 0 where the query does not see; may be changed.</param>
    void Take(int query, int groupHead, Span<float> probabilities);
}

/// <summary>Attention probabilities of some queries over the slots of a key head, in blocks: never queries × slots at once.</summary>
internal static class AttentionRows
{
    private const int BlockRows = 48;

    /// <summary>Goes through the queries in order.</summary>
    /// <param name="view">The layer.</param>
    /// <param name="kvHead">Key head.</param>
    /// <param name="queries">[n, H · D], rotated.</param>
    /// <param name="positions">[n] ascending.</param>
    /// <param name="row">What is done with each row.</param>
    public static unsafe void Run<T>(IKvView view, int kvHead, ReadOnlySpan<float> queries, ReadOnlySpan<int> positions, ref T row)
        where T : struct, IAttentionRow
    {
        AttentionOptions options = view.Layer.Attention;
        int size = view.Layer.HeadSize, group = view.Layer.Group, slots = view.Count(kvHead), width = options.Heads * size;
        if (slots == 0 || positions.Length == 0) return;
        float[] keys = view.Keys(kvHead), scores = new float[BlockRows * slots], scaled = new float[BlockRows * size];
        int step = Math.Max(1, BlockRows / group);
        for (int first = 0; first < positions.Length; first += step)
        {
            int count = Math.Min(step, positions.Length - first), rows = count * group;
            if (scaled.Length < rows * size) (scaled, scores) = (new float[rows * size], new float[rows * slots]);
            for (int r = 0; r < rows; r++)
                TensorPrimitives.Multiply(queries.Slice((first + r / group) * width + (kvHead * group + r % group) * size, size), options.Scale, scaled.AsSpan(r * size, size));
            fixed (float* q = scaled, k = keys, s = scores) Gemm.RunSerial(false, true, rows, slots, size, q, size, k, size, s, slots, false);
            for (int r = 0; r < rows; r++)
            {
                Span<float> probabilities = scores.AsSpan(r * slots, slots);
                Normalise(probabilities, view.Positions(kvHead), positions[first + r / group], options);
                row.Take(first + r / group, r % group, probabilities);
            }
        }
    }

    private static void Normalise(Span<float> scores, ReadOnlySpan<int> slotPositions, int position, AttentionOptions options)
    {
        int end = Bound(slotPositions, position + 1), start = options.Window > 0 ? Bound(slotPositions, position - options.Window + 1) : 0;
        scores[..start].Clear();
        scores[end..].Clear();
        Span<float> visible = scores[start..end];
        if (visible.IsEmpty) return;
        if (options.Softcap > 0)
            for (int i = 0; i < visible.Length; i++) visible[i] = options.Softcap * MathF.Tanh(visible[i] / options.Softcap);
        TensorPrimitives.Multiply(visible, 1f / VectorMath.ExpSum(visible, VectorMath.Max(visible)), visible);
    }

    private static int Bound(ReadOnlySpan<int> ascending, int from)
    {
        int found = ascending.BinarySearch(from);
        return found < 0 ? ~found : found;
    }
}

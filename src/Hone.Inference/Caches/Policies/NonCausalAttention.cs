using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="NonCausalPolicy"/>.</summary>
public sealed record NonCausalOptions
{
    /// <summary>Tokens that attend to each other.</summary>
    [Limits(AtLeast = 2), Unit("tokens")]
    public int Chunk { get; init; } = 256;
}

/// <summary>
/// Keeps what the tokens around it attend to, before it and after it, times the length of the value. Chari and Van Durme 2025
/// (Compactor), arXiv:2507.08143.
/// </summary>
[Component("non_causal")]
public sealed class NonCausalPolicy(NonCausalOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new NonCausalScorer(options.Chunk, new AllQueries());

    public bool WorksWhileDecoding => false;

    private sealed class NonCausalScorer(int chunk, AllQueries queries) : ILayerScorer
    {
        public void Observe(IKvView view, ReadOnlySpan<float> added) => queries.Add(added);

        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            double[][] all = NonCausalAttention.Scores(view, queries.Span, chunk, 0, view.Count(0));
            Standard.Scores(all);
            Standard.CopyTo(all, scores);
        }

        public ILayerScorer Fork() => new NonCausalScorer(chunk, queries.Fork());
    }
}

/// <summary>Attention without a mask inside chunks, summed over queries. Queries are multiplied with keys as they are, without 1/sqrt(D).</summary>
internal static class NonCausalAttention
{
    /// <summary>[K][count] sums times value lengths, smoothed over three neighbours.</summary>
    /// <param name="view">The layer; all its tokens are in place.</param>
    /// <param name="queries">[N, H · D].</param>
    /// <param name="chunk">Tokens that attend to each other.</param>
    /// <param name="first">First token.</param>
    /// <param name="count">Tokens.</param>
    public static double[][] Scores(IKvView view, ReadOnlySpan<float> queries, int chunk, int first, int count)
    {
        double[][] scores = new double[view.Layer.KvHeads][];
        for (int head = 0; head < scores.Length; head++)
        {
            float[] keys = view.Keys(head), values = view.Values(head);
            double[] sums = new double[count];
            for (int start = 0; start < count; start += chunk) Chunk(view.Layer, head, keys, queries, first + start, chunk, sums.AsSpan(start, Math.Min(chunk, count - start)));
            int size = view.Layer.HeadSize;
            for (int t = 0; t < count; t++) sums[t] *= TensorPrimitives.Norm<float>(values.AsSpan((first + t) * size, size));
            scores[head] = [.. Enumerable.Range(0, count).Select(t => ((t > 0 ? sums[t - 1] : 0) + sums[t] + (t + 1 < count ? sums[t + 1] : 0)) / 3)];
        }
        return scores;
    }

    // A last chunk that is not full is filled with zeros that take part in the softmax, as in the released code.
    private static void Chunk(KvLayer layer, int head, float[] keys, ReadOnlySpan<float> queries, int first, int chunk, Span<double> sums)
    {
        int size = layer.HeadSize, width = layer.Attention.Heads * size, real = sums.Length, missing = chunk - real;
        double[] row = new double[chunk];
        for (int g = 0; g < layer.Group; g++)
            for (int q = 0; q < real; q++)
            {
                ReadOnlySpan<float> query = queries.Slice((first + q) * width + (head * layer.Group + g) * size, size);
                Array.Clear(row);
                for (int k = 0; k < real; k++) row[k] = TensorPrimitives.Dot(query, keys.AsSpan((first + k) * size, size));
                TensorPrimitives.SoftMax<double>(row, row);
                for (int k = 0; k < real; k++) sums[k] += row[k] / layer.Group;
            }
        for (int k = 0; k < real; k++) sums[k] += (double)missing / chunk;
    }
}

using System.Buffers;
using System.Numerics.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Inference.Caches;

/// <summary>Attention of one token's query heads over pages of keys and values that they share.</summary>
internal readonly ref struct CacheAttention(List<KvPage> pages, int kvHead, int size, AttentionOptions options)
{
    private readonly int group = options.Heads / options.KvHeads;

    /// <summary>softmax(scale · q kᵀ) v over tokens [<paramref name="first"/>, <paramref name="end"/>).</summary>
    /// <param name="queries">[G, D].</param>
    /// <param name="output">[G, D].</param>
    /// <param name="first">First token seen.</param>
    /// <param name="end">One past the last.</param>
    public void Run(ReadOnlySpan<float> queries, Span<float> output, int first, int end)
    {
        int count = end - first;
        float[] rented = ArrayPool<float>.Shared.Rent(group * count);
        Span<float> scores = rented.AsSpan(0, group * count);
        Score(queries, scores, first, count);
        for (int g = 0; g < group; g++) Normalise(scores.Slice(g * count, count));
        output.Clear();
        Mix(scores, output, first, count);
        ArrayPool<float>.Shared.Return(rented);
    }

    private void Score(ReadOnlySpan<float> queries, Span<float> scores, int first, int count)
    {
        for (int t = 0; t < count; t++)
        {
            ReadOnlySpan<float> key = Row(first + t, 0);
            for (int g = 0; g < group; g++) scores[g * count + t] = TensorPrimitives.Dot(queries.Slice(g * size, size), key);
        }
    }

    private void Normalise(Span<float> scores)
    {
        TensorPrimitives.Multiply(scores, options.Scale, scores);
        if (options.Softcap > 0)
        {
            TensorPrimitives.Divide(scores, options.Softcap, scores);
            TensorPrimitives.Tanh(scores, scores);
            TensorPrimitives.Multiply(scores, options.Softcap, scores);
        }
        TensorPrimitives.SoftMax(scores, scores);
    }

    private void Mix(ReadOnlySpan<float> weights, Span<float> output, int first, int count)
    {
        for (int t = 0; t < count; t++)
        {
            ReadOnlySpan<float> value = Row(first + t, 1);
            for (int g = 0; g < group; g++)
            {
                Span<float> target = output.Slice(g * size, size);
                TensorPrimitives.MultiplyAdd(value, weights[g * count + t], target, target);
            }
        }
    }

    /// <summary>One token's key (0) or value (1).</summary>
    private ReadOnlySpan<float> Row(int token, int kind)
    {
        Span<float> page = pages[token / KvPagePool.PageTokens].Data.Data;
        int place = (kvHead * KvPagePool.PageTokens + token % KvPagePool.PageTokens) * size;
        return page.Slice(kind * page.Length / 2 + place, size);
    }
}

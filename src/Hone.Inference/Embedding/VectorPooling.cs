using System.Numerics.Tensors;

namespace Hone.Inference.Embedding;

/// <summary>From the hidden states of a text to its vector.</summary>
internal static class VectorPooling
{
    /// <param name="states">[tokens, size].</param>
    /// <param name="size">Length of the vector.</param>
    /// <param name="settings">Which pooling, and whether to scale.</param>
    public static float[] Pool(ReadOnlySpan<float> states, int size, EmbeddingSettings settings)
    {
        float[] vector = settings.Pooling switch
        {
            Pooling.First => states[..size].ToArray(),
            Pooling.Last => states[^size..].ToArray(),
            Pooling.Max => Largest(states, size),
            Pooling.MeanSqrtLength => Sum(states, size, MathF.Sqrt((float)states.Length / size)),
            _ => Sum(states, size, (float)states.Length / size),
        };
        if (settings.UnitLength) TensorPrimitives.Divide(vector, Math.Max(TensorPrimitives.Norm<float>(vector), 1e-12f), vector);
        return vector;
    }

    private static float[] Sum(ReadOnlySpan<float> states, int size, float divisor)
    {
        float[] sum = new float[size];
        for (int start = 0; start < states.Length; start += size) TensorPrimitives.Add(sum, states.Slice(start, size), sum);
        TensorPrimitives.Divide(sum, divisor, sum);
        return sum;
    }

    private static float[] Largest(ReadOnlySpan<float> states, int size)
    {
        float[] largest = states[..size].ToArray();
        for (int start = size; start < states.Length; start += size) TensorPrimitives.Max(largest, states.Slice(start, size), largest);
        return largest;
    }
}

using System.Numerics.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Inference.Caches.Streaming;

/// <summary>The first tokens of a stream, with and without rotation.</summary>
internal sealed class SinkTokens(KvLayer layer, LtriOptions options)
{
    private readonly List<float[]> rotated = [], plain = [], values = [];

    public int Count => values.Count;

    public long Bytes => 3L * sizeof(float) * Count * layer.KvHeads * layer.HeadSize;

    /// <summary>Up to here in a stream the first tokens are seen where they are; later at the edge of the window.</summary>
    public int NearUntil => options.Window + options.Sinks;

    public void Add(ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        float[] without = key.ToArray();
        layer.Rotate(without, [-Count]);
        plain.Add(without);
        rotated.Add(key.ToArray());
        values.Add(value.ToArray());
    }

    public ReadOnlySpan<float> Key(int index, int kvHead, bool isNear) => (isNear ? rotated : plain)[index].AsSpan(kvHead * layer.HeadSize, layer.HeadSize);

    public ReadOnlySpan<float> Value(int index, int kvHead) => values[index].AsSpan(kvHead * layer.HeadSize, layer.HeadSize);

    /// <summary>Keys, with their rotation, and values of all of them.</summary>
    public void Save(StreamWriting to)
    {
        to.Int(Count);
        for (int i = 0; i < Count; i++)
        {
            to.Floats(rotated[i]);
            to.Floats(plain[i]);
            to.Floats(values[i]);
        }
    }

    /// <summary>Reads them into an empty list.</summary>
    public void Load(StreamReading from)
    {
        int width = layer.KvHeads * layer.HeadSize;
        for (int left = from.Int(0, options.Sinks); left > 0; left--)
        {
            foreach (List<float[]> list in (List<float[]>[])[rotated, plain, values])
            {
                float[] numbers = new float[width];
                from.Floats(numbers);
                list.Add(numbers);
            }
        }
    }

    public SinkTokens Fork()
    {
        SinkTokens fork = new(layer, options);
        fork.rotated.AddRange(rotated);
        fork.plain.AddRange(plain);
        fork.values.AddRange(values);
        return fork;
    }
}

/// <summary>Tokens that were brought back for a group of queries.</summary>
/// <param name="Tokens">[F] their places in the stream, ascending.</param>
/// <param name="Keys">[F, K · D].</param>
/// <param name="Values">[F, K · D].</param>
internal sealed record Retrieved(int[] Tokens, float[] Keys, float[] Values)
{
    public static Retrieved Nothing { get; } = new([], [], []);

    public int Count => Tokens.Length;

    public static Retrieved From(SpanMemory memory, int[] spans, KvLayer layer, bool truePositions)
    {
        if (spans.Length == 0) return Nothing;
        int[] tokens = [.. spans.SelectMany(s => Enumerable.Range(memory[s].Start, memory[s].Length))];
        int width = layer.KvHeads * layer.HeadSize, at = 0;
        float[] keys = new float[tokens.Length * width], values = new float[tokens.Length * width];
        foreach (int s in spans)
        {
            float[] numbers = memory.Read(s);
            numbers.AsSpan(0, numbers.Length / 2).CopyTo(keys.AsSpan(at));
            numbers.AsSpan(numbers.Length / 2).CopyTo(values.AsSpan(at));
            at += numbers.Length / 2;
        }
        if (truePositions) layer.Rotate(keys, tokens);
        return new(tokens, keys, values);
    }
}

/// <summary>
/// One softmax over first tokens, retrieved tokens and local tokens. Local keys are rotated by their own positions; far ones are not, and
/// meet a query turned to the edge of the window, so that every far token appears at that distance (InfLLM).
/// </summary>
internal sealed class StreamingAttention(KvLayer layer, AttentionOptions attention, int kvHead, int window, bool truePositions)
{
    private readonly float[] edge = new float[layer.HeadSize];
    private float[] scores = [];

    /// <summary>Place of the greatest weight of the last query, in the order first, retrieved, local.</summary>
    public int Greatest { get; private set; }

    /// <summary>Attention of one query.</summary>
    /// <returns>[first + retrieved + local] weights, valid until the next call.</returns>
    public ReadOnlySpan<float> Run(
        ReadOnlySpan<float> query, int position, SinkTokens sinks, int sinkCount, Retrieved far, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> output)
    {
        int size = layer.HeadSize, width = layer.KvHeads * size, local = keys.Length / size, count = sinkCount + far.Count + local;
        if (scores.Length < count) scores = new float[count + count / 4];
        Span<float> weights = scores.AsSpan(0, count);
        bool isNear = truePositions || position <= sinks.NearUntil;
        query.CopyTo(edge);
        if (!isNear) layer.Rotate(edge, [window - position]);
        ReadOnlySpan<float> toSinks = isNear ? query : edge, toFar = truePositions ? query : edge;
        if (!truePositions && isNear && far.Count > 0)
        {
            layer.Rotate(edge, [window - position]);
            toFar = edge;
        }
        for (int i = 0; i < sinkCount; i++) weights[i] = TensorPrimitives.Dot(toSinks, sinks.Key(i, kvHead, isNear));
        for (int i = 0; i < far.Count; i++) weights[sinkCount + i] = TensorPrimitives.Dot(toFar, far.Keys.AsSpan(i * width + kvHead * size, size));
        for (int i = 0; i < local; i++) weights[sinkCount + far.Count + i] = TensorPrimitives.Dot(query, keys.Slice(i * size, size));
        Normalise(weights);
        output.Clear();
        for (int i = 0; i < sinkCount; i++) TensorPrimitives.MultiplyAdd(sinks.Value(i, kvHead), weights[i], output, output);
        for (int i = 0; i < far.Count; i++)
            TensorPrimitives.MultiplyAdd(far.Values.AsSpan(i * width + kvHead * size, size), weights[sinkCount + i], output, output);
        for (int i = 0; i < local; i++) TensorPrimitives.MultiplyAdd(values.Slice(i * size, size), weights[sinkCount + far.Count + i], output, output);
        return weights;
    }

    private void Normalise(Span<float> weights)
    {
        TensorPrimitives.Multiply(weights, attention.Scale, weights);
        if (attention.Softcap > 0)
            foreach (ref float weight in weights) weight = attention.Softcap * MathF.Tanh(weight / attention.Softcap);
        Greatest = TensorPrimitives.IndexOfMax<float>(weights);
        TensorPrimitives.Subtract(weights, weights[Greatest], weights);
        TensorPrimitives.Exp(weights, weights);
        TensorPrimitives.Divide(weights, TensorPrimitives.Sum<float>(weights), weights);
    }
}

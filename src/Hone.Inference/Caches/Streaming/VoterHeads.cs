using System.Numerics.Tensors;

namespace Hone.Inference.Caches.Streaming;

/// <summary>The query heads of a layer that vote, and where their key heads lie in an index vector; all where none was named.</summary>
internal sealed class VoterHeads
{
    private readonly int kvHeads, group;
    private readonly int[] places; // [K] -1 where none of its query heads votes

    public VoterHeads(KvLayer layer, LtriOptions options)
    {
        (kvHeads, HeadSize, group) = (layer.KvHeads, layer.HeadSize, layer.Group);
        bool[] votes = new bool[layer.Attention.Heads];
        foreach ((int l, int h) in options.Heads.Select(LtriOptions.ParseHead))
            if (l == layer.Index) votes[h] = true;
        if (!votes.Contains(true)) Array.Fill(votes, true);
        int next = 0;
        places = [.. votes.Chunk(group).Select(heads => heads.Contains(true) ? HeadSize * next++ : -1)];
        VectorWidth = HeadSize * next;
        All = [.. Enumerable.Range(0, votes.Length).Where(h => votes[h]).Select(h => (h, places[h / group]))];
    }

    public int HeadSize { get; }

    /// <summary>Numbers of an index vector: those of the key heads that anyone votes with.</summary>
    public int VectorWidth { get; }

    /// <summary>Query heads that vote, and where their part of a vector begins.</summary>
    public IReadOnlyList<(int Head, int Place)> All { get; }

    /// <summary>Numbers of the keys and values of so many tokens.</summary>
    public int Numbers(int tokens) => 2 * tokens * kvHeads * HeadSize;

    /// <summary>[v, VectorWidth] of whole keys [v, K · D].</summary>
    public float[] Of(float[] vectors)
    {
        int width = kvHeads * HeadSize;
        if (VectorWidth == width) return vectors;
        float[] own = new float[vectors.Length / width * VectorWidth];
        for (int v = 0; v < vectors.Length / width; v++)
            for (int head = 0; head < kvHeads; head++)
                if (places[head] >= 0) vectors.AsSpan(v * width + head * HeadSize, HeadSize).CopyTo(own.AsSpan(v * VectorWidth + places[head]));
        return own;
    }

    /// <summary>[VectorWidth] queries [H · D] of the heads that vote, added up for each key head: its inner product with a vector is the sum of theirs.</summary>
    public float[] Summed(ReadOnlySpan<float> query)
    {
        float[] sum = new float[VectorWidth];
        foreach ((int head, int place) in All)
        {
            Span<float> own = sum.AsSpan(place, HeadSize);
            TensorPrimitives.Add(own, query.Slice(head * HeadSize, HeadSize), own);
        }
        return sum;
    }
}

using System.Numerics.Tensors;

namespace Hone.Inference.Caches.Streaming;

/// <summary>
/// Index vectors of the spans of one layer, one after the other in blocks. Append-only: copies share all blocks but the one that is
/// being filled.
/// </summary>
/// <param name="width">Numbers of a vector.</param>
internal sealed class VectorIndex(int width)
{
    private const int BlockVectors = 512;

    private readonly List<float[]> blocks = [];
    private readonly List<int> ends = [];

    /// <summary>Numbers of a vector.</summary>
    public int Width => width;

    /// <summary>Vectors of all spans.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the vectors.</summary>
    public long Bytes => (long)Count * width * sizeof(float);

    /// <summary>Vectors of a span.</summary>
    public int CountOf(int span) => ends[span] - First(span);

    /// <summary>Adds the vectors of the next span.</summary>
    /// <param name="vectors">[v, width], at least one.</param>
    public void Add(ReadOnlySpan<float> vectors)
    {
        for (int at = 0; at < vectors.Length; at += width, Count++)
        {
            if (Count % BlockVectors == 0) blocks.Add(new float[BlockVectors * width]);
            vectors.Slice(at, width).CopyTo(blocks[^1].AsSpan(Count % BlockVectors * width));
        }
        ends.Add(Count);
    }

    /// <summary>The greatest inner product of a query with part of each span's vectors.</summary>
    /// <param name="query">Numbers of the part.</param>
    /// <param name="at">Where the part begins in a vector.</param>
    /// <param name="greatest">[spans].</param>
    public void Greatest(ReadOnlySpan<float> query, int at, Span<float> greatest)
    {
        int vector = 0;
        for (int span = 0; span < ends.Count; span++)
        {
            float best = float.NegativeInfinity;
            for (; vector < ends[span]; vector++)
            {
                ReadOnlySpan<float> own = blocks[vector / BlockVectors].AsSpan(vector % BlockVectors * width + at, query.Length);
                best = Math.Max(best, TensorPrimitives.Dot(query, own));
            }
            greatest[span] = best;
        }
    }

    public VectorIndex Fork()
    {
        VectorIndex fork = new(width) { Count = Count };
        fork.blocks.AddRange(blocks);
        if (Count % BlockVectors != 0) fork.blocks[^1] = [.. blocks[^1]];
        fork.ends.AddRange(ends);
        return fork;
    }

    private int First(int span) => span == 0 ? 0 : ends[span - 1];
}

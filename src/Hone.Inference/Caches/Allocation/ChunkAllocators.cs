using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of allocations by chunks.</summary>
public sealed record ChunkOptions
{
    /// <summary>Tokens of a chunk.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Chunk { get; init; } = 20;
}

/// <summary>Whole chunks are kept, the same for all heads of a layer: sentences stay whole. Liu et al. 2025 (ChunkKV), arXiv:2502.00299.</summary>
[Component("chunkkv")]
public sealed class WholeChunkAllocator(ChunkOptions options) : IKvAllocator
{
    public KvSelection Select(KvScores scores, KvTarget target) => new([.. Enumerable.Range(0, scores.Layers).Select(layer =>
    {
        int[] kept = Layer(scores, layer, target.Exact / target.Tokens);
        return Enumerable.Repeat(kept, scores.KvHeads(layer)).ToArray();
    })]);

    private int[] Layer(KvScores scores, int layer, double share)
    {
        int tokens = scores[layer, 0].Length, chunk = options.Chunk, chunks = (tokens + chunk - 1) / chunk;
        if (tokens < chunk) return TopSlots.Of(scores[layer, 0], Math.Max(1, (int)(tokens * share)));
        float[] means = new float[chunks];
        for (int head = 0; head < scores.KvHeads(layer); head++)
            for (int t = 0; t < tokens; t++) means[t / chunk] += scores[layer, head][t] / Math.Min(chunk, tokens - t / chunk * chunk);
        int[] best = TopSlots.Of(means, Math.Max(1, (int)(chunks * share)));
        return [.. best.SelectMany(c => Enumerable.Range(c * chunk, Math.Min(chunk, tokens - c * chunk)))];
    }
}

/// <summary>Every stretch of tokens keeps its own best: nothing is left blank.</summary>
[Component("stretches")]
public sealed class StretchAllocator(ChunkOptions options) : IKvAllocator
{
    public KvSelection Select(KvScores scores, KvTarget target) => new([.. Enumerable.Range(0, scores.Layers)
        .Select(layer => Enumerable.Range(0, scores.KvHeads(layer)).Select(head => Head(scores[layer, head], target.Exact / target.Tokens)).ToArray())]);

    private int[] Head(ReadOnlySpan<float> scores, double share)
    {
        List<int> kept = [];
        for (int first = 0; first < scores.Length; first += options.Chunk)
        {
            int length = Math.Min(options.Chunk, scores.Length - first);
            foreach (int slot in TopSlots.Of(scores.Slice(first, length), Math.Max(1, (int)(length * share)))) kept.Add(first + slot);
        }
        return [.. kept];
    }
}

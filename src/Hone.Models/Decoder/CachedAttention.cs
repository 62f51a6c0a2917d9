using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Models.Decoder;

/// <summary>Attention of new tokens over the caches of their sequences. No gradient flows through it.</summary>
internal static class CachedAttention
{
    public static Tensor Run(
        Tape tape, Tensor q, Tensor k, Tensor v, Segments segments, IReadOnlyList<IKvCache> caches, int layer, AttentionOptions options)
    {
        if (caches.Count != segments.Count) throw new ArgumentException($"{caches.Count} caches for {segments.Count} sequences");
        bool fresh = true;
        int width = k.Shape.Last;
        for (int s = 0; s < caches.Count; s++)
        {
            ILayerCache cache = caches[s][layer];
            fresh &= cache.Length == 0;
            int start = segments.Start(s) * width, count = segments.Length(s) * width;
            cache.Append(k.Data.Slice(start, count), v.Data.Slice(start, count));
        }
        // Nothing was stored before: all keys are at hand, and the blockwise operation is faster than reading them back.
        Tensor output = fresh ? tape.Attention(q, k, v, segments, options) : Attend(tape, q, segments, caches, layer, options);
        for (int s = 0; s < caches.Count; s++) caches[s][layer].EndAttention(options, Part(q, segments, s));
        return output;
    }

    private static unsafe Tensor Attend(Tape tape, Tensor q, Segments segments, IReadOnlyList<IKvCache> caches, int layer, AttentionOptions options)
    {
        for (int s = 0; s < caches.Count; s++) caches[s][layer].BeginAttention(options, Part(q, segments, s));
        Tensor output = tape.New(q.Shape);
        if (SplitsGroups(tape.Workers.Threads, segments, caches, layer, options))
        {
            HeadsJob heads = new(segments, caches, layer, options, q.Pointer, output.Pointer, q.Shape.Last);
            tape.Workers.For(segments.Count * options.Heads, 1, ref heads);
            return output;
        }
        Job job = new(segments, caches, layer, options, q.Pointer, output.Pointer, q.Shape.Last);
        tape.Workers.For(segments.Count * options.KvHeads, 1, ref job);
        return output;
    }

    /// <summary>Few tasks that do not come out even (three key heads on two threads) are cut by query heads.</summary>
    internal static bool SplitsGroups(int threads, Segments segments, IReadOnlyList<IKvCache> caches, int layer, AttentionOptions options)
    {
        int tasks = segments.Count * options.KvHeads;
        if (options.Heads == options.KvHeads || tasks >= 8 * threads || tasks % threads == 0) return false;
        for (int s = 0; s < caches.Count; s++)
            if (segments.Length(s) != 1 || !caches[s][layer].SplitsGroups) return false;
        return true;
    }

    private static ReadOnlySpan<float> Part(Tensor q, Segments segments, int s) =>
        q.Data.Slice(segments.Start(s) * q.Shape.Last, segments.Length(s) * q.Shape.Last);

    internal readonly unsafe struct Job(
        Segments segments, IReadOnlyList<IKvCache> caches, int layer, AttentionOptions options, float* q, float* output, int width) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int item = start; item < end; item++)
            {
                int s = item / options.KvHeads, length = segments.Length(s) * width;
                if (length == 0) continue;
                long offset = (long)segments.Start(s) * width;
                caches[s][layer].Attend(options, item % options.KvHeads, new ReadOnlySpan<float>(q + offset, length), new Span<float>(output + offset, length));
            }
        }
    }

    internal readonly unsafe struct HeadsJob(
        Segments segments, IReadOnlyList<IKvCache> caches, int layer, AttentionOptions options, float* q, float* output, int width) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            int group = options.Heads / options.KvHeads;
            for (int head = start; head < end;)
            {
                int s = head / options.Heads, heads = Math.Min(end, (head / group + 1) * group) - head;
                long offset = (long)segments.Start(s) * width;
                caches[s][layer].AttendSome(options, head % options.Heads / group, head % group, heads, new ReadOnlySpan<float>(q + offset, width), new Span<float>(output + offset, width));
                head += heads;
            }
        }
    }
}

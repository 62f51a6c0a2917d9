using Hone.Models.Config;
using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Models.Decoder.Together;

/// <summary>Rotation, caches and attention of one layer in a <see cref="TokenPass"/>.</summary>
internal readonly unsafe struct TokenAttention(AttentionParts parts, int layer, PassMemory memory, ForwardContext context, WorkerPool workers)
{
    private readonly ModelConfig config = context.Config;
    private readonly int rows = context.Batch.Segments.Tokens;
    private readonly IReadOnlyList<IKvCache> caches = context.State.Caches!;

    /// <summary>Begins and ends with all threads having met.</summary>
    public void Run(TeamMember me)
    {
        (int from, int to) = me.Part(rows);
        for (int r = from; r < to; r++) Rotate(r);
        if (AppendsBeside)
        {
            Append(from, to);
        }
        else
        {
            if (rows > 1) me.Meet(); // a single row was rotated by the thread that appends it
            if (me.Worker == me.Threads - 1) Append(0, rows);
        }
        me.Meet();
        Attend(me);
        me.Meet();
        if (me.Worker == 0) End();
    }

    private void Rotate(int row)
    {
        float* query = memory.Query + (nint)row * config.QueryWidth, key = memory.Key + (nint)row * config.KvWidth;
        parts.QueryNorm?.Run(query, query, config.QueryWidth);
        parts.KeyNorm?.Run(key, key, config.KvWidth);
        context.RotateRow(workers, row, query, config.QueryWidth, parts.Rope);
        context.RotateRow(workers, row, key, config.KvWidth, parts.Rope);
    }

    private bool AppendsBeside
    {
        get
        {
            foreach (IKvCache cache in caches)
                if (!cache[layer].AppendsBeside) return false;
            return true;
        }
    }

    private void Append(int from, int to)
    {
        int width = config.KvWidth;
        for (int r = from; r < to; r++)
        {
            ILayerCache cache = caches[r][layer];
            cache.Append(new(memory.Key + (nint)r * width, width), new(memory.Value + (nint)r * width, width));
            cache.BeginAttention(parts.Options, Query(r));
        }
    }

    private void Attend(TeamMember me)
    {
        Segments segments = context.Batch.Segments;
        if (CachedAttention.SplitsGroups(me.Threads, segments, caches, layer, parts.Options))
        {
            (int from, int to) = me.Part(rows * config.Heads);
            new CachedAttention.HeadsJob(segments, caches, layer, parts.Options, memory.Query, memory.Mixed, config.QueryWidth).Run(me.Worker, from, to);
            return;
        }
        CachedAttention.Job job = new(segments, caches, layer, parts.Options, memory.Query, memory.Mixed, config.QueryWidth);
        while (me.Take(rows * config.KvHeads, 1, out int from, out int to)) job.Run(me.Worker, from, to);
    }

    private void End()
    {
        for (int r = 0; r < rows; r++) caches[r][layer].EndAttention(parts.Options, Query(r));
    }

    private ReadOnlySpan<float> Query(int row) => new(memory.Query + (nint)row * config.QueryWidth, config.QueryWidth);
}

using Hone.Models.Decoder;
using Hone.Tensors.Kernels.Attention;
using Hone.Tensors.Ops;

namespace Hone.Inference.Caches;

/// <summary>Exact fp32 keys and values of one sequence and layer, in pages.</summary>
internal sealed class PagedLayerCache(KvPagePool pool) : ILayerCache
{
    // With more positions than these, gathering pages for matrix products costs less than reading all keys for each position.
    private const int FewPositions = 4;

    private readonly List<KvPage> pages = [];

    public int Length { get; private set; }

    public long AllocatedBytes => pages.Sum(page => (long)page.Data.Count * sizeof(float));

    public void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        int size = pool.HeadSize, width = pool.KvHeads * size, tokens = keys.Length / width;
        for (int t = 0; t < tokens; t++)
        {
            int slot = Length % KvPagePool.PageTokens;
            Span<float> page = WritablePage(slot).Data.Data;
            for (int head = 0; head < pool.KvHeads; head++)
            {
                int place = (head * KvPagePool.PageTokens + slot) * size;
                keys.Slice(t * width + head * size, size).CopyTo(page[place..]);
                values.Slice(t * width + head * size, size).CopyTo(page[(page.Length / 2 + place)..]);
            }
            Length++;
        }
    }

    public bool AppendsBeside => true;

    public bool SplitsGroups => true;

    public void Attend(AttentionOptions options, int kvHead, ReadOnlySpan<float> queries, Span<float> output) =>
        AttendSome(options, kvHead, 0, options.Heads / options.KvHeads, queries, output);

    public unsafe void AttendSome(AttentionOptions options, int kvHead, int firstHead, int heads, ReadOnlySpan<float> queries, Span<float> output)
    {
        int size = pool.HeadSize, group = options.Heads / options.KvHeads, width = options.Heads * size, count = queries.Length / width;
        Span<nint> keys = pages.Count <= 512 ? stackalloc nint[pages.Count] : new nint[pages.Count];
        Span<nint> values = pages.Count <= 512 ? stackalloc nint[pages.Count] : new nint[pages.Count];
        for (int i = 0; i < pages.Count; i++)
        {
            float* start = pages[i].Data.Pointer + kvHead * KvPagePool.PageTokens * size;
            (keys[i], values[i]) = ((nint)start, (nint)(start + pages[i].Data.Count / 2));
        }
        PagedKeys stored = new(keys, values, KvPagePool.PageTokens, size);
        fixed (float* q = queries)
        fixed (float* y = output)
        {
            if (count > FewPositions)
            {
                int offset = (kvHead * group + firstHead) * size;
                PagedPrefill.Run(
                    stored, Length - count, count, q + offset, width, heads, options.Scale, options.Softcap, options.Window, y + offset, width);
                return;
            }
            for (int i = 0; i < count; i++)
            {
                int end = Length - count + i + 1, first = options.Window > 0 ? Math.Max(0, end - options.Window) : 0;
                int place = i * width + (kvHead * group + firstHead) * size;
                PagedAttention.Run(stored, first, end, q + place, heads, options.Scale, options.Softcap, y + place);
            }
        }
    }

    public void Truncate(int length)
    {
        if (length > Length) throw new ArgumentOutOfRangeException(nameof(length), $"{length} of {Length} tokens");
        int keep = (length + KvPagePool.PageTokens - 1) / KvPagePool.PageTokens;
        for (int i = keep; i < pages.Count; i++) pool.Release(pages[i]);
        pages.RemoveRange(keep, pages.Count - keep);
        Length = length;
    }

    /// <summary>A cache that begins with the same tokens and shares their pages.</summary>
    public PagedLayerCache Fork()
    {
        PagedLayerCache fork = new(pool) { Length = Length };
        foreach (KvPage page in pages)
        {
            page.Holders++;
            fork.pages.Add(page);
        }
        return fork;
    }

    /// <summary>The page for the next token, made, or copied when others hold it too.</summary>
    private KvPage WritablePage(int slot)
    {
        if (slot == 0)
        {
            pages.Add(pool.Rent());
        }
        else if (pages[^1].Holders > 1)
        {
            KvPage copy = pool.Rent();
            pages[^1].Data.Data.CopyTo(copy.Data.Data);
            pool.Release(pages[^1]);
            pages[^1] = copy;
        }
        return pages[^1];
    }
}

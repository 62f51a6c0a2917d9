using Hone.Tensors;

namespace Hone.Inference.Caches;

/// <summary>
/// Keys and values of up to <see cref="KvPagePool.PageTokens"/> tokens of one layer. Several sequences that begin alike hold the
/// same page; who wants to change a shared page copies it first.
/// </summary>
internal sealed class KvPage(int kvHeads, int headSize)
{
    /// <summary>[K, tokens, D], then the values in the same order.</summary>
    public Tensor Data { get; } = Tensor.Create(2 * kvHeads * KvPagePool.PageTokens * headSize);

    /// <summary>Number of sequences that hold it.</summary>
    public int Holders { get; set; }
}

/// <summary>
/// Pages of key-value memory, used again when their last sequence lets go. One pool serves all sequences and layers of an
/// engine; threads that append to different sequences may rent and return at the same time.
/// </summary>
internal sealed class KvPagePool(int kvHeads, int headSize)
{
    /// <summary>Tokens per page: 32 wastes 16 tokens a sequence and layer on average, and keeps a page's keys of one head in L1.</summary>
    public const int PageTokens = 32;

    private readonly Stack<KvPage> free = new();
    private readonly Lock gate = new();

    public int KvHeads => kvHeads;

    public int HeadSize => headSize;

    /// <summary>Pages made so far, in use or free.</summary>
    public int Made { get; private set; }

    /// <summary>Pages in use.</summary>
    public int Used => Made - free.Count;

    /// <summary>Bytes of the pages in use.</summary>
    public long UsedBytes => (long)Used * 2 * sizeof(float) * PageTokens * kvHeads * headSize;

    public KvPage Rent()
    {
        lock (gate)
        {
            if (!free.TryPop(out KvPage? page))
            {
                page = new KvPage(kvHeads, headSize);
                Made++;
            }
            page.Holders = 1;
            return page;
        }
    }

    /// <summary>Lets go of free pages beyond <paramref name="bytes"/>; the garbage collector returns their memory.</summary>
    public void Trim(long bytes)
    {
        long keep = bytes / (2L * sizeof(float) * PageTokens * kvHeads * headSize);
        lock (gate)
        {
            while (free.Count > keep)
            {
                free.Pop();
                Made--;
            }
        }
    }

    public void Release(KvPage page)
    {
        lock (gate)
        {
            if (--page.Holders == 0) free.Push(page);
        }
    }
}

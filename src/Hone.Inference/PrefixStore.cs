using Hone.Models.Decoder;

namespace Hone.Inference;

/// <summary>
/// Prompts gone through lately: another one that begins alike (the same system message, the same examples, an earlier turn of
/// the same chat) takes over the keys and values of its beginning instead of computing them again. Keys depend on the adapter,
/// so each adapter has its own. Training changes what the keys of a text are: keep none over it.
/// </summary>
/// <param name="maxTokens">Tokens kept at most, over all prompts; 0 keeps the last few prompts.</param>
internal sealed class PrefixStore(int maxTokens = 0) : IDisposable
{
    /// <summary>Shorter beginnings are not worth the slower attention over what is taken over.</summary>
    public const int LeastShared = 16;

    private const int KeptWithoutLimit = 8;

    // All are looked through for each prompt.
    private const int MostKept = 1024;

    private readonly List<Entry> entries = []; // least recently used first

    /// <summary>Tokens kept, those of common beginnings counted once for each prompt.</summary>
    public int Tokens { get; private set; }

    /// <summary>How many tokens two prompts begin alike with.</summary>
    public static int Common(ReadOnlySpan<int> a, ReadOnlySpan<int> b) => a.CommonPrefixLength(b);

    /// <summary>Tokens that can be taken over for a prompt; its last token is always computed, for its logits are wanted.</summary>
    public int Shared(int[] tokens, int adapter) => Find(tokens, adapter).Shared;

    /// <summary>A cache that holds the shared beginning.</summary>
    public IKvCache Take(int[] tokens, int adapter)
    {
        (Entry? entry, int shared) = Find(tokens, adapter);
        entries.Remove(entry!);
        entries.Add(entry!);
        IKvCache cache = entry!.Cache.Fork();
        cache.Truncate(shared);
        return cache;
    }

    /// <summary>Remembers a prompt, unless one that is known already serves for half of it. One that it continues is replaced.</summary>
    public void Add(int[] tokens, int adapter, IKvCache cache)
    {
        if (tokens.Length < LeastShared || (maxTokens > 0 && tokens.Length > maxTokens)) return;
        (Entry? nearest, int shared) = Find(tokens, adapter);
        bool continues = nearest is not null && nearest.Tokens.Length < tokens.Length && Common(nearest.Tokens, tokens) == nearest.Tokens.Length;
        if (continues && maxTokens > 0) Drop(nearest!);
        else if (2 * shared >= tokens.Length) return;
        while (entries.Count > 0 && (maxTokens > 0 ? Tokens + tokens.Length > maxTokens || entries.Count >= MostKept : entries.Count >= KeptWithoutLimit)) Drop(entries[0]);
        entries.Add(new Entry(tokens, adapter, cache.Fork()));
        Tokens += tokens.Length;
    }

    public void Dispose()
    {
        while (entries.Count > 0) Drop(entries[^1]);
    }

    private (Entry? Entry, int Shared) Find(int[] tokens, int adapter)
    {
        (Entry? Entry, int Shared) best = (null, 0);
        foreach (Entry entry in entries)
        {
            if (entry.Adapter != adapter) continue;
            int shared = Math.Min(tokens.Length - 1, Common(entry.Tokens, tokens));
            if (shared > best.Shared) best = (entry, shared);
        }
        return best;
    }

    private void Drop(Entry entry)
    {
        entries.Remove(entry);
        Tokens -= entry.Tokens.Length;
        entry.Cache.Dispose();
    }

    private sealed record Entry(int[] Tokens, int Adapter, IKvCache Cache);
}

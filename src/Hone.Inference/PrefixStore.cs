using Hone.Models.Decoder;

namespace Hone.Inference;

/// <summary>
/// Prompts gone through lately: another one that begins alike (the same system message, the same examples) takes over the keys and
/// values of its beginning instead of computing them again. Lives no longer than one session, since training changes what
/// the keys of a text are.
/// </summary>
internal sealed class PrefixStore : IDisposable
{
    /// <summary>Shorter beginnings are not worth the slower attention over what is taken over.</summary>
    public const int LeastShared = 16;

    private const int Kept = 8;

    private readonly Queue<(int[] Tokens, IKvCache Cache)> prompts = new();

    /// <summary>How many tokens two prompts begin alike with.</summary>
    public static int Common(ReadOnlySpan<int> a, ReadOnlySpan<int> b) => a.CommonPrefixLength(b);

    /// <summary>Tokens that can be taken over for a prompt; its last token is always computed, for its logits are wanted.</summary>
    public int Shared(int[] tokens) => Math.Min(tokens.Length - 1, prompts.Select(p => Common(p.Tokens, tokens)).DefaultIfEmpty(0).Max());

    /// <summary>A cache that holds the shared beginning.</summary>
    public IKvCache Take(int[] tokens)
    {
        int shared = Shared(tokens);
        IKvCache cache = prompts.First(p => Common(p.Tokens, tokens) >= shared).Cache.Fork();
        cache.Truncate(shared);
        return cache;
    }

    /// <summary>Remembers a prompt, unless one that is known already serves for half of it.</summary>
    public void Add(int[] tokens, IKvCache cache)
    {
        if (tokens.Length < LeastShared || 2 * Shared(tokens) >= tokens.Length) return;
        if (prompts.Count == Kept) prompts.Dequeue().Cache.Dispose();
        prompts.Enqueue((tokens, cache.Fork()));
    }

    public void Dispose()
    {
        foreach ((_, IKvCache cache) in prompts) cache.Dispose();
        prompts.Clear();
    }
}

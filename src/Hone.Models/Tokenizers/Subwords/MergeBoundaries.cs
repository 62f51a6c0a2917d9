namespace Hone.Models.Tokenizers.Subwords;

/// <summary>
/// Places that no merge can cross: between two characters that are tokens themselves and stand side by side in no merged
/// token. What lies between such places can be merged on its own, and be remembered; so SentencePiece-style BPE, which has
/// no pre-tokenizer, need not work on a whole text at once. The result is the same, since merges only see neighbours.
/// </summary>
internal sealed class MergeBoundaries
{
    private readonly PairMap pairs = new(1 << 12);
    private readonly ulong[] known = new ulong[0x10000 / 64];

    /// <param name="vocabulary">Tokens; those of one UTF-16 unit are characters that need no fallback.</param>
    /// <param name="merged">Results of all merges.</param>
    public MergeBoundaries(Vocabulary vocabulary, IEnumerable<string> merged)
    {
        foreach ((string token, _) in vocabulary.Ordered())
            if (token.Length == 1 && !char.IsSurrogate(token[0])) known[token[0] >> 6] |= 1UL << (token[0] & 63);
        foreach (string token in merged)
            for (int i = 1; i < token.Length; i++) pairs.Set(PairMap.Key(token[i - 1], token[i]), 1);
    }

    /// <summary>The next boundary after <paramref name="start"/>, or the end of the piece.</summary>
    public int Next(ReadOnlySpan<char> piece, int start)
    {
        for (int i = start + 1; i < piece.Length; i++)
            if (IsKnown(piece[i - 1]) && IsKnown(piece[i]) && !pairs.TryGet(PairMap.Key(piece[i - 1], piece[i]), out _)) return i;
        return piece.Length;
    }

    private bool IsKnown(char c) => (known[c >> 6] >> (c & 63) & 1) != 0;
}

using System.Buffers;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>Finds added tokens: leftmost first, among those that start together the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly CharTrie trie;
    private readonly SearchValues<char> firsts;
    private readonly List<AddedToken> tokens = [];

    /// <param name="tokens">Tokens with the text to look for; of two with the same text the first counts.</param>
    public AddedTokenMatcher(IEnumerable<(AddedToken Token, string Text)> tokens)
    {
        trie = new CharTrie(16);
        HashSet<char> starts = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((AddedToken token, string text) in tokens)
        {
            if (text.Length == 0 || !seen.Add(text)) continue;
            trie.Add(text, this.tokens.Count);
            this.tokens.Add(token);
            starts.Add(text[0]);
        }
        firsts = SearchValues.Create([.. starts]);
    }

    /// <summary>False when it is certain that no token occurs.</summary>
    public bool MayMatch(ReadOnlySpan<char> text) => tokens.Count > 0 && text.IndexOfAny(firsts) >= 0;

    /// <summary>Cuts the text into tokens (with their id) and the stretches between them (id -1).</summary>
    /// <param name="specialAsText">Special tokens are passed over.</param>
    public List<(int Start, int End, int Id)> Find(ReadOnlySpan<char> text, bool specialAsText)
    {
        List<(int, int, int)> parts = [];
        int done = 0;
        for (int at = 0; TryNext(text, ref at, out int end, out AddedToken? token); at = end)
        {
            if ((specialAsText && token.Special) || (token.SingleWord && TouchesWord(text, at, end))) continue;
            int start = at, stop = end;
            while (token.LStrip && start > done && char.IsWhiteSpace(text[start - 1])) start--;
            while (token.RStrip && stop < text.Length && char.IsWhiteSpace(text[stop])) stop++;
            start = Math.Max(start, done);
            if (done < start) parts.Add((done, start, -1));
            parts.Add((start, Math.Max(start, stop), token.Id));
            done = Math.Max(start, stop);
        }
        if (done < text.Length) parts.Add((done, text.Length, -1));
        return parts;
    }

    private bool TryNext(ReadOnlySpan<char> text, ref int at, out int end, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out AddedToken? token)
    {
        (end, token) = (0, null);
        while (at < text.Length && text[at..].IndexOfAny(firsts) is >= 0 and int skip)
        {
            at += skip;
            int node = CharTrie.Root;
            for (int i = at; i < text.Length && trie.TryStep(ref node, text[i]); i++)
                if (trie.ValueAt(node) is >= 0 and int index) (end, token) = (i + 1, tokens[index]);
            if (token is not null) return true;
            at++;
        }
        return false;
    }

    private static bool TouchesWord(ReadOnlySpan<char> text, int start, int end) =>
        (start > 0 && CharacterClasses.IsWord(CodePoints.Before(text, start, out _)))
        || (end < text.Length && CharacterClasses.IsWord(CodePoints.At(text, end, out _)));
}

namespace Hone.Models.Tokenizers;

/// <summary>
/// Decodes ids one after the other and gives out text as soon as it is certain, never half a character. Text depends on
/// neighbours (spaces between words, characters of several tokens), so a few of the last ids are decoded again each time.
/// Not thread-safe.
/// </summary>
public sealed class StreamingDecoder
{
    /// <summary>
    /// After so many ids without a whole character the text is given out as it is: no character has more than 4 bytes.
    /// </summary>
    private const int LongestWait = 64;

    private const char Replacement = '\uFFFD';
    private readonly Tokenizer tokenizer;
    private readonly bool skipSpecialTokens;
    private readonly List<int> window = [];
    private string prefix = "";
    private int prefixIds;

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens) => (this.tokenizer, this.skipSpecialTokens) = (tokenizer, skipSpecialTokens);

    /// <summary>Takes the next id and returns the text that is certain now; empty while a character is incomplete.</summary>
    public string Push(int id)
    {
        if (prefix.Length == 0 && window.Count > 0 && Decode() is var known && !EndsOpen(known)) (prefix, prefixIds) = (known, window.Count);
        window.Add(id);
        string text = Decode();
        bool waits = text.Length <= prefix.Length || EndsOpen(text);
        if (waits && window.Count - prefixIds <= LongestWait) return "";
        string added = text[Math.Min(prefix.Length, text.Length)..];
        int shown = window.Count - prefixIds;
        window.RemoveRange(0, prefixIds);
        (prefix, prefixIds) = (Decode(), shown);
        return added;
    }

    /// <summary>Ends the stream: returns what was held back, with U+FFFD for a character that stayed incomplete.</summary>
    public string Flush()
    {
        string text = Decode(), rest = text[Math.Min(prefix.Length, text.Length)..];
        window.Clear();
        (prefix, prefixIds) = ("", 0);
        return rest;
    }

    private string Decode() => tokenizer.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(window), skipSpecialTokens);

    private static bool EndsOpen(string text) => text.EndsWith(Replacement);
}

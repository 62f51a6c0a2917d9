using Hone.Models.Tokenizers;

namespace Hone.Methods.Tokens;

/// <summary>English function words, which say little about whether an answer is right.</summary>
public static class StopWords
{
    private static readonly string[] Words =
    [
        "a", "an", "the", "this", "that", "these", "those", "i", "me", "my", "we", "us", "our", "you", "your", "he", "him", "his", "she", "her", "it", "its", "they", "them", "their",
        "am", "is", "are", "was", "were", "be", "been", "being", "have", "has", "had", "do", "does", "did", "will", "would", "shall", "should", "can", "could", "may", "might", "must",
        "and", "or", "but", "if", "as", "because", "while", "so", "than", "then", "of", "at", "by", "for", "with", "about", "into", "through", "during", "before", "after", "to", "from",
        "in", "on", "off", "over", "under", "up", "down", "out", "again", "once", "here", "there", "when", "where", "who", "whom", "which", "what", "how", "why", "both", "each", "some",
        "such", "own", "same", "too", "very", "just", "also",
    ];

    /// <summary>Ids of the vocabulary's tokens that are one such word, lower case or capitalised, with or without a space in front.</summary>
    public static IReadOnlySet<int> TokensOf(Tokenizer tokenizer)
    {
        HashSet<int> ids = [];
        foreach (string word in Words)
            foreach (string form in (string[])[word, char.ToUpperInvariant(word[0]) + word[1..]])
                foreach (string text in (string[])[form, " " + form])
                    if (tokenizer.Encode(text, addSpecialTokens: false) is [int id]) ids.Add(id);
        return ids;
    }
}

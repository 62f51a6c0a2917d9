using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers.Training;

/// <summary>How a vocabulary of whole words is gathered.</summary>
public sealed record WordLevelTrainerOptions
{
    /// <summary>Most tokens, special ones included.</summary>
    public int VocabularySize { get; init; } = 30000;

    /// <summary>Rarer words are left out.</summary>
    public long MinFrequency { get; init; }

    /// <summary>Get the first ids.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = [];

    /// <summary>Token for other words; should be one of the special tokens.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>The normalizer, as it stands in a tokenizer.json; null for none.</summary>
    public string? NormalizerJson { get; init; }

    /// <summary>The pre-tokenizer, as it stands in a tokenizer.json; null for none.</summary>
    public string? PreTokenizerJson { get; init; } = """{"type":"Whitespace"}""";
}

/// <summary>Gathers the most frequent words; among equals the smaller in order of code points comes first.</summary>
public static class WordLevelTrainer
{
    public static Tokenizer Train(IEnumerable<string> texts, WordLevelTrainerOptions options)
    {
        Dictionary<string, long> counts = WordCounts.Of(texts, WordCounts.Spec(options.NormalizerJson), WordCounts.Spec(options.PreTokenizerJson));
        List<string> tokens = [.. options.SpecialTokens.Distinct()];
        HashSet<string> known = [.. tokens];
        List<AddedToken> added = [.. tokens.Select((token, id) => new AddedToken(id, token) { Special = true })];
        IEnumerable<string> frequent = counts.Where(p => p.Value >= options.MinFrequency)
            .OrderByDescending(p => p.Value).ThenBy(p => p.Key, Utf8Order).Select(p => p.Key).Where(known.Add);
        tokens.AddRange(frequent.Take(Math.Max(0, options.VocabularySize - tokens.Count)));
        return new(new TokenizerParts(new WordLevelModel(new Vocabulary(tokens), options.UnknownToken), added)
        {
            Source = "trained tokenizer",
            Normalizer = WordCounts.Spec(options.NormalizerJson),
            PreTokenizer = WordCounts.Spec(options.PreTokenizerJson),
        });
    }

    /// <summary>Order of code points, which is also that of UTF-8; UTF-16 order puts surrogates before U+E000.</summary>
    private static Comparer<string> Utf8Order { get; } = Comparer<string>.Create((a, b) =>
        System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b)));
}

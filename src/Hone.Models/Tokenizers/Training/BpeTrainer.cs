using System.Runtime.InteropServices;
using Hone.Core;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers.Training;

/// <summary>
/// Learns a byte pair encoding (Sennrich et al. 2016, arXiv:1508.07909) with the merges of the reference library: the most
/// frequent pair first, among equals the one with the smaller ids. The same texts in any order give the same vocabulary.
/// </summary>
public static class BpeTrainer
{
    /// <summary>Trains on texts; each text is cut into words on its own.</summary>
    /// <exception cref="HoneException">Options that contradict each other.</exception>
    public static Tokenizer Train(IEnumerable<string> texts, BpeTrainerOptions options)
    {
        if (options.VocabularySize < 0) throw new HoneException($"a vocabulary of {options.VocabularySize} tokens is not possible.");
        if (options.EosToken is { } eos && !options.SpecialTokens.Contains(eos)) throw new HoneException($"'{eos}' is meant to end sequences but is not among the special tokens.");
        (IReadOnlyList<string> tokens, List<(string, string)> merges) = Learn(texts, options);
        BpeModel model = new(new Vocabulary(tokens), merges, new BpeOptions
        {
            UnknownToken = options.UnknownToken,
            Prefix = options.ContinuingSubwordPrefix,
            Suffix = options.EndOfWordSuffix,
        });
        List<AddedToken> added = [.. options.SpecialTokens.Distinct().Select((token, id) => new AddedToken(id, token) { Special = true })];
        return new(new TokenizerParts(model, added)
        {
            Source = "trained tokenizer",
            Normalizer = WordCounts.Spec(options.NormalizerJson),
            PreTokenizer = WordCounts.Spec(options.PreTokenizerJson),
            Decoder = WordCounts.Spec(options.DecoderJson),
            Names = new() { Eos = options.EosToken, Unk = options.UnknownToken },
        });
    }

    /// <summary>The vocabulary in order of ids, and the merges in order.</summary>
    internal static (IReadOnlyList<string> Tokens, List<(string Left, string Right)> Merges) Learn(IEnumerable<string> texts, BpeTrainerOptions options)
    {
        Dictionary<string, long> counts = WordCounts.Of(texts, WordCounts.Spec(options.NormalizerJson), WordCounts.Spec(options.PreTokenizerJson));
        TrainedVocabulary vocabulary = new();
        foreach (string token in options.SpecialTokens) vocabulary.GetOrAdd(token);
        foreach (string character in Alphabet.Of(counts, options)) vocabulary.GetOrAdd(character);
        List<TrainingWord> words = Alphabet.Spell(counts, vocabulary, options);
        MergeQueue queue = new(words);
        List<(string, string)> merges = [];
        int maxLength = options.MaxTokenLength ?? int.MaxValue;
        while (vocabulary.Count < options.VocabularySize && queue.TryTake(options.MinFrequency, out MergeQueue.Candidate best))
        {
            (int left, int right) = best.Pair;
            string first = vocabulary.Tokens[left], second = vocabulary.Tokens[right], rest = second;
            if (options.ContinuingSubwordPrefix.Length > 0 && second.StartsWith(options.ContinuingSubwordPrefix, StringComparison.Ordinal))
                rest = second[options.ContinuingSubwordPrefix.Length..];
            int merged = vocabulary.GetOrAdd(first + rest);
            merges.Add((first, second));
            queue.Apply(best, merged, maxLength);
        }
        return (vocabulary.Tokens, merges);
    }
}

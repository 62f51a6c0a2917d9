using System.Runtime.InteropServices;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Training;

/// <summary>The single characters a byte pair encoding starts from.</summary>
internal static class Alphabet
{
    /// <summary>The characters of the words and the initial ones, at most the limit, in order of their code points.</summary>
    public static IEnumerable<string> Of(Dictionary<string, long> words, BpeTrainerOptions options)
    {
        Dictionary<int, long> counts = [];
        foreach ((string word, long count) in words)
            foreach (int character in Characters(word)) CollectionsMarshal.GetValueRefOrAddDefault(counts, character, out _) += count;
        foreach (string initial in options.InitialAlphabet)
            if (initial.Length > 0) counts[Characters(initial).First()] = long.MaxValue;
        IEnumerable<int> kept = counts.Keys;
        if (options.LimitAlphabet is { } limit && counts.Count > limit)
            kept = counts.OrderByDescending(p => p.Value).ThenBy(p => p.Key).Take(limit).Select(p => p.Key);
        return kept.Order().Select(Text);
    }

    /// <summary>
    /// Writes the words in ids, leaving out characters outside the alphabet and adding the forms with prefix and suffix.
    /// </summary>
    public static List<TrainingWord> Spell(Dictionary<string, long> words, TrainedVocabulary vocabulary, BpeTrainerOptions options)
    {
        List<TrainingWord> result = new(words.Count);
        List<int> symbols = [];
        foreach ((string word, long count) in words)
        {
            symbols.Clear();
            int at = 0;
            foreach (int character in Characters(word))
            {
                string text = Text(character);
                bool first = at == 0;
                at += text.Length;
                if (!vocabulary.Contains(text)) continue;
                symbols.Add(vocabulary.GetOrAdd((first ? "" : options.ContinuingSubwordPrefix) + text + (at == word.Length ? options.EndOfWordSuffix : "")));
            }
            result.Add(new([.. symbols], count));
        }
        return result;
    }

    private static string Text(int codePoint)
    {
        Span<char> units = stackalloc char[2];
        return units[..CodePoints.Write(codePoint, units)].ToString();
    }

    private static IEnumerable<int> Characters(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            yield return CodePoints.At(text, i, out int size);
            i += size;
        }
    }
}

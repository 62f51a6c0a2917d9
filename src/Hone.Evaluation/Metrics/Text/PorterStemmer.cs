namespace Hone.Evaluation.Metrics.Text;

/// <summary>
/// Porter's stemmer (Program 14, 1980) with the departures that NLTK calls its extensions and rouge_score and METEOR rely on: a list of
/// irregular forms, words of two letters unchanged, -ies of four-letter words, y after a consonant only, -logi, -fulli, lower case.
/// </summary>
public static class PorterStemmer
{
    private static readonly Dictionary<string, string> Irregular = new (string Word, string Stem)[]
    {
        ("sky", "sky"), ("skies", "sky"), ("dying", "die"), ("lying", "lie"), ("tying", "tie"), ("news", "news"),
        ("innings", "inning"), ("inning", "inning"), ("outings", "outing"), ("outing", "outing"), ("cannings", "canning"), ("canning", "canning"),
        ("howe", "howe"), ("proceed", "proceed"), ("exceed", "exceed"), ("succeed", "succeed"),
    }.ToDictionary(w => w.Word, w => w.Stem);

    private static readonly (string Suffix, string To)[] Step2Rules =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"), ("alli", "al"), ("entli", "ent"), ("eli", "e"),
        ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
        ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"), ("logi", "log"),
    ];

    private static readonly (string Suffix, string To)[] Step3Rules =
        [("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

    private static readonly string[] Step4Suffixes =
        ["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"];

    /// <summary>The stem of a word, lower case.</summary>
    public static string Stem(string word)
    {
        word = word.ToLowerInvariant();
        if (Irregular.TryGetValue(word, out string? known)) return known;
        if (word.Length <= 2) return word;
        return Step5(Step4(Step3(Step2(Step1C(Step1B(Step1A(word)))))));
    }

    private static string Step1A(string word)
    {
        if (word.EndsWith("ies", StringComparison.Ordinal)) return word.Length == 4 ? word[..^1] : word[..^2];
        if (word.EndsWith("sses", StringComparison.Ordinal)) return word[..^2];
        return word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal) ? word[..^1] : word;
    }

    private static string Step1B(string word)
    {
        if (word.EndsWith("ied", StringComparison.Ordinal)) return word.Length == 4 ? word[..^1] : word[..^2];
        if (word.EndsWith("eed", StringComparison.Ordinal)) return Measure(word[..^3]) > 0 ? word[..^1] : word;
        string suffix = word.EndsWith("ed", StringComparison.Ordinal) ? "ed" : word.EndsWith("ing", StringComparison.Ordinal) ? "ing" : "";
        string stem = word[..^suffix.Length];
        if (suffix.Length == 0 || !HasVowel(stem)) return word;
        if (stem.EndsWith("at", StringComparison.Ordinal) || stem.EndsWith("bl", StringComparison.Ordinal) || stem.EndsWith("iz", StringComparison.Ordinal)) return stem + "e";
        if (EndsDouble(stem)) return stem[^1] is 'l' or 's' or 'z' ? stem : stem[..^1];
        return Measure(stem) == 1 && EndsShort(stem) ? stem + "e" : stem;
    }

    private static string Step1C(string word) =>
        word.EndsWith('y') && word.Length > 2 && IsConsonant(word, word.Length - 2) ? word[..^1] + "i" : word;

    private static string Step2(string word)
    {
        if (word.EndsWith("alli", StringComparison.Ordinal) && Measure(word[..^4]) > 0) return Step2(word[..^2]);
        foreach ((string suffix, string to) in Step2Rules)
        {
            if (!word.EndsWith(suffix, StringComparison.Ordinal)) continue;
            string stem = word[..^suffix.Length];
            // For -logi the l belongs to what is measured: "theologi" has measure 1 up to "theol".
            return Measure(suffix == "logi" ? word[..^3] : stem) > 0 ? stem + to : word;
        }
        return word;
    }

    private static string Step3(string word)
    {
        foreach ((string suffix, string to) in Step3Rules)
            if (word.EndsWith(suffix, StringComparison.Ordinal)) return Measure(word[..^suffix.Length]) > 0 ? word[..^suffix.Length] + to : word;
        return word;
    }

    private static string Step4(string word)
    {
        foreach (string suffix in Step4Suffixes)
        {
            if (!word.EndsWith(suffix, StringComparison.Ordinal)) continue;
            string stem = word[..^suffix.Length];
            bool goes = Measure(stem) > 1 && (suffix != "ion" || stem[^1] is 's' or 't');
            return goes ? stem : word;
        }
        return word;
    }

    private static string Step5(string word)
    {
        if (word.EndsWith('e'))
        {
            string stem = word[..^1];
            int measure = Measure(stem);
            if (measure > 1 || (measure == 1 && !EndsShort(stem))) word = stem;
        }
        return word.EndsWith("ll", StringComparison.Ordinal) && Measure(word[..^1]) > 1 ? word[..^1] : word;
    }

    private static bool IsConsonant(string word, int i) => word[i] switch
    {
        'a' or 'e' or 'i' or 'o' or 'u' => false,
        'y' => i == 0 || !IsConsonant(word, i - 1),
        _ => true,
    };

    /// <summary>Porter's m: how often vowels are followed by consonants.</summary>
    private static int Measure(string stem)
    {
        int measure = 0;
        for (int i = 1; i < stem.Length; i++)
            if (IsConsonant(stem, i) && !IsConsonant(stem, i - 1)) measure++;
        return measure;
    }

    private static bool HasVowel(string stem)
    {
        for (int i = 0; i < stem.Length; i++)
            if (!IsConsonant(stem, i)) return true;
        return false;
    }

    private static bool EndsDouble(string word) => word.Length >= 2 && word[^1] == word[^2] && IsConsonant(word, word.Length - 1);

    /// <summary>Consonant, vowel, consonant other than w, x, y; NLTK adds two letters of vowel and consonant.</summary>
    private static bool EndsShort(string word)
    {
        int n = word.Length;
        return (n >= 3 && IsConsonant(word, n - 3) && !IsConsonant(word, n - 2) && IsConsonant(word, n - 1) && word[^1] is not ('w' or 'x' or 'y'))
            || (n == 2 && !IsConsonant(word, 0) && IsConsonant(word, 1));
    }
}

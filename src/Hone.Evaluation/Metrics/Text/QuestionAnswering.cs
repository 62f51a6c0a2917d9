using System.Text.RegularExpressions;

namespace Hone.Evaluation.Metrics.Text;

/// <summary>Exact match and token F1 of SQuAD (Rajpurkar et al. 2016), and their use with several references in CoQA.</summary>
public static partial class QuestionAnswering
{
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>Lower case, ASCII punctuation out, then the articles a, an, the, then single spaces.</summary>
    public static string Normalise(string text)
    {
        string bare = string.Concat(text.ToLowerInvariant().Where(c => !Punctuation.Contains(c)));
        return string.Join(' ', Articles().Replace(bare, " ").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Whether the normal forms are equal.</summary>
    public static bool ExactMatch(string gold, string prediction) => Normalise(gold) == Normalise(prediction);

    /// <summary>F1 over tokens with multiplicity; where either side is empty, 1 when both are.</summary>
    public static double F1(string gold, string prediction)
    {
        string[] wanted = Tokens(gold), given = Tokens(prediction);
        if (wanted.Length == 0 || given.Length == 0) return wanted.Length == given.Length ? 1 : 0;
        Dictionary<string, int> left = wanted.GroupBy(t => t).ToDictionary(g => g.Key, g => g.Count());
        int common = given.Count(t => left.TryGetValue(t, out int count) && (left[t] = count - 1) >= 0);
        return new Overlap((double)common / given.Length, (double)common / wanted.Length).F;
    }

    /// <summary>CoQA: with several references each is left out in turn, the best of the others counts, and the results are averaged.</summary>
    public static (double ExactMatch, double F1) LeaveOneOut(IReadOnlyList<string> golds, string prediction)
    {
        if (golds.Count == 1) return (ExactMatch(golds[0], prediction) ? 1 : 0, F1(golds[0], prediction));
        double exact = 0, f1 = 0;
        for (int left = 0; left < golds.Count; left++)
        {
            string[] others = [.. golds.Where((_, i) => i != left)];
            exact += others.Max(g => ExactMatch(g, prediction) ? 1.0 : 0);
            f1 += others.Max(g => F1(g, prediction));
        }
        return (exact / golds.Count, f1 / golds.Count);
    }

    private static string[] Tokens(string text) => Normalise(text).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"\b(a|an|the)\b")]
    private static partial Regex Articles();
}

using System.Text.RegularExpressions;

namespace Hone.Evaluation.Metrics.Text;

/// <summary>Precision, recall and their harmonic mean, each 0..1.</summary>
public readonly record struct Overlap(double Precision, double Recall)
{
    /// <summary>Harmonic mean; 0 when both are 0.</summary>
    public double F => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;
}

/// <summary>ROUGE (Lin 2004) as the package rouge_score computes it: ASCII letters and digits only, lower case.</summary>
/// <param name="useStemmer">Whether words of more than three letters are stemmed.</param>
public sealed partial class Rouge(bool useStemmer = false)
{
    /// <summary>Overlap of n-grams with multiplicity.</summary>
    public Overlap N(string target, string prediction, int n)
    {
        Dictionary<string, int> wanted = Grams(Tokens(target), n), given = Grams(Tokens(prediction), n);
        int common = wanted.Sum(g => Math.Min(g.Value, given.GetValueOrDefault(g.Key)));
        return Of(common, given.Values.Sum(), wanted.Values.Sum());
    }

    /// <summary>Longest common subsequence of the whole texts.</summary>
    public Overlap L(string target, string prediction)
    {
        string[] wanted = Tokens(target), given = Tokens(prediction);
        return Of(Subsequence(wanted, given).Count, given.Length, wanted.Length);
    }

    /// <summary>
    /// Summary level: for each target line the union of its common subsequences with every predicted line; each token counts once
    /// on both sides.
    /// </summary>
    public Overlap LSum(string target, string prediction)
    {
        string[][] wanted = Lines(target), given = Lines(prediction);
        int all = wanted.Sum(l => l.Length), predicted = given.Sum(l => l.Length);
        if (all == 0 || predicted == 0) return default;
        Dictionary<string, int> leftWanted = Grams([.. wanted.SelectMany(l => l)], 1), leftGiven = Grams([.. given.SelectMany(l => l)], 1);
        int hits = 0;
        foreach (string[] line in wanted)
        {
            foreach (int index in given.SelectMany(g => Subsequence(line, g)).Distinct().Order())
            {
                string token = line[index];
                if (leftWanted.GetValueOrDefault(token) <= 0 || leftGiven.GetValueOrDefault(token) <= 0) continue;
                leftWanted[token]--;
                leftGiven[token]--;
                hits++;
            }
        }
        return Of(hits, predicted, all);
    }

    /// <summary>The tokens that are compared.</summary>
    public string[] Tokens(string text)
    {
        string[] words = NotWord().Replace(text.ToLowerInvariant(), " ").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return useStemmer ? [.. words.Select(w => w.Length > 3 ? PorterStemmer.Stem(w) : w)] : words;
    }

    private string[][] Lines(string text) => [.. text.Split('\n').Where(l => l.Length > 0).Select(Tokens)];

    private static Overlap Of(int common, int predicted, int wanted) => new((double)common / Math.Max(1, predicted), (double)common / Math.Max(1, wanted));

    private static Dictionary<string, int> Grams(string[] tokens, int n)
    {
        Dictionary<string, int> grams = [];
        for (int i = 0; i + n <= tokens.Length; i++)
        {
            string gram = string.Join(' ', tokens, i, n);
            grams[gram] = grams.GetValueOrDefault(gram) + 1;
        }
        return grams;
    }

    /// <summary>Positions in <paramref name="a"/> of one longest common subsequence, walked back from the end.</summary>
    private static List<int> Subsequence(string[] a, string[] b)
    {
        int[,] table = new int[a.Length + 1, b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
            for (int j = 1; j <= b.Length; j++)
                table[i, j] = a[i - 1] == b[j - 1] ? table[i - 1, j - 1] + 1 : Math.Max(table[i - 1, j], table[i, j - 1]);
        List<int> positions = [];
        for (int i = a.Length, j = b.Length; i > 0 && j > 0;)
        {
            if (a[i - 1] == b[j - 1])
            {
                positions.Add(i - 1);
                i--;
                j--;
            }
            else if (table[i, j - 1] > table[i - 1, j]) j--;
            else i--;
        }
        positions.Reverse();
        return positions;
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotWord();
}

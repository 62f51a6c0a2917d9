namespace Hone.Evaluation.Metrics.Text;

/// <summary>
/// METEOR (Banerjee and Lavie 2005; Lavie and Agarwal 2007) with exact and stem matches, aligned greedily from the right as NLTK
/// does it; no list of synonyms.
/// </summary>
/// <param name="alpha">Weight of precision against recall.</param>
/// <param name="beta">Exponent of the penalty for chunks.</param>
/// <param name="gamma">Size of that penalty.</param>
public sealed class Meteor(double alpha = 0.9, double beta = 3, double gamma = 0.5)
{
    /// <summary>The best score over the references, 0..1. Tokens are lower-cased.</summary>
    public double Score(IReadOnlyList<string> hypothesis, IEnumerable<IReadOnlyList<string>> references) => references.Max(r => Score(hypothesis, r));

    private double Score(IReadOnlyList<string> hypothesis, IReadOnlyList<string> reference)
    {
        string[] given = [.. hypothesis.Select(t => t.ToLowerInvariant())], wanted = [.. reference.Select(t => t.ToLowerInvariant())];
        List<(int Given, int Wanted)> matches = [];
        Align(given, wanted, matches);
        Align([.. given.Select(PorterStemmer.Stem)], [.. wanted.Select(PorterStemmer.Stem)], matches);
        if (matches.Count == 0) return 0;
        double precision = (double)matches.Count / given.Length, recall = (double)matches.Count / wanted.Length;
        double mean = precision * recall / (alpha * precision + (1 - alpha) * recall);
        return (1 - gamma * Math.Pow((double)Chunks(matches) / matches.Count, beta)) * mean;
    }

    /// <summary>Adds matches among the words not yet matched, from the last one on, each with the last that fits.</summary>
    private static void Align(string[] given, string[] wanted, List<(int Given, int Wanted)> matches)
    {
        bool[] usedGiven = new bool[given.Length], usedWanted = new bool[wanted.Length];
        foreach ((int g, int w) in matches) usedGiven[g] = usedWanted[w] = true;
        for (int g = given.Length - 1; g >= 0; g--)
        {
            if (usedGiven[g]) continue;
            for (int w = wanted.Length - 1; w >= 0; w--)
            {
                if (usedWanted[w] || given[g] != wanted[w]) continue;
                matches.Add((g, w));
                usedWanted[w] = true;
                break;
            }
        }
    }

    private static int Chunks(List<(int Given, int Wanted)> matches)
    {
        (int Given, int Wanted)[] sorted = [.. matches.OrderBy(m => m.Given)];
        int chunks = 1;
        for (int i = 1; i < sorted.Length; i++)
            if (sorted[i].Given != sorted[i - 1].Given + 1 || sorted[i].Wanted != sorted[i - 1].Wanted + 1) chunks++;
        return chunks;
    }
}

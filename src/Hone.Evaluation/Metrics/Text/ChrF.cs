namespace Hone.Evaluation.Metrics.Text;

/// <summary>Settings of chrF under sacrebleu's names and defaults.</summary>
public sealed record ChrFSettings
{
    public int CharOrder { get; init; } = 6;

    /// <summary>0 for chrF, 2 for chrF++.</summary>
    public int WordOrder { get; init; }

    /// <summary>Recall counts beta² times as much as precision.</summary>
    public int Beta { get; init; } = 2;

    public bool Lowercase { get; init; }

    /// <summary>Whether spaces count as characters.</summary>
    public bool Whitespace { get; init; }

    /// <summary>Whether orders without n-grams get a tiny value instead of being left out.</summary>
    public bool EpsSmoothing { get; init; }
}

/// <summary>chrF and chrF++ (Popović 2015, 2017) as sacrebleu computes them; scores 0..100.</summary>
public sealed class ChrF(ChrFSettings? settings = null)
{
    private const double Epsilon = 1e-16;

    private readonly ChrFSettings settings = settings ?? new();

    private int Orders => settings.CharOrder + settings.WordOrder;

    /// <summary>One sentence; with several references the best one counts.</summary>
    public double Sentence(string hypothesis, IReadOnlyList<string> references) => Corpus([hypothesis], [references]);

    /// <summary>A corpus: the counts of each sentence with its best reference are added up.</summary>
    public double Corpus(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references)
    {
        double[] sums = new double[3 * Orders];
        for (int s = 0; s < hypotheses.Count; s++)
        {
            double[] best = references[s].Select(r => Statistics(hypotheses[s], r)).MaxBy(Score)!;
            for (int i = 0; i < sums.Length; i++) sums[i] += best[i];
        }
        return Score(sums);
    }

    /// <summary>For each order: n-grams of the hypothesis, of the reference, in common. Without reference n-grams the hypothesis counts none.</summary>
    private double[] Statistics(string hypothesis, string reference)
    {
        if (settings.Lowercase) (hypothesis, reference) = (hypothesis.ToLowerInvariant(), reference.ToLowerInvariant());
        List<double> statistics = [];
        for (int n = 1; n <= settings.CharOrder; n++) Add(statistics, Grams(Characters(hypothesis), n, ""), Grams(Characters(reference), n, ""));
        for (int n = 1; n <= settings.WordOrder; n++) Add(statistics, Grams(Words(hypothesis), n, " "), Grams(Words(reference), n, " "));
        return [.. statistics];
    }

    private static void Add(List<double> statistics, Dictionary<string, int> given, Dictionary<string, int> wanted)
    {
        int common = given.Sum(g => Math.Min(g.Value, wanted.GetValueOrDefault(g.Key)));
        statistics.AddRange([wanted.Count > 0 ? given.Values.Sum() : 0, wanted.Values.Sum(), common]);
    }

    private double Score(double[] statistics)
    {
        double factor = settings.Beta * settings.Beta, score = 0, precisions = 0, recalls = 0;
        int effective = 0;
        for (int i = 0; i < Orders; i++)
        {
            (double given, double wanted, double common) = (statistics[3 * i], statistics[3 * i + 1], statistics[3 * i + 2]);
            double precision = given > 0 ? common / given : Epsilon, recall = wanted > 0 ? common / wanted : Epsilon;
            double denominator = factor * precision + recall;
            score += denominator > 0 ? (1 + factor) * precision * recall / denominator : Epsilon;
            if (given <= 0 || wanted <= 0) continue;
            (precisions, recalls, effective) = (precisions + precision, recalls + recall, effective + 1);
        }
        if (settings.EpsSmoothing) return 100 * score / Orders;
        if (effective == 0) return 0;
        (precisions, recalls) = (precisions / effective, recalls / effective);
        return precisions + recalls > 0 ? 100 * (1 + factor) * precisions * recalls / (factor * precisions + recalls) : 0;
    }

    private string[] Characters(string text)
    {
        IEnumerable<string> characters = text.EnumerateRunes().Select(r => r.ToString());
        return [.. settings.Whitespace ? characters : characters.Where(c => !Perplexity.IsPythonSpace(c[0]))];
    }

    /// <summary>Words with one punctuation mark at the end, or else at the start, apart.</summary>
    private static string[] Words(string text)
    {
        List<string> words = [];
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Length > 1 && IsMark(word[^1])) words.AddRange([word[..^1], word[^1..]]);
            else if (word.Length > 1 && IsMark(word[0])) words.AddRange([word[..1], word[1..]]);
            else words.Add(word);
        }
        return [.. words];
    }

    private static bool IsMark(char c) => char.IsAscii(c) && (char.IsPunctuation(c) || char.IsSymbol(c));

    private static Dictionary<string, int> Grams(string[] tokens, int n, string between)
    {
        Dictionary<string, int> grams = [];
        for (int i = 0; i + n <= tokens.Length; i++)
        {
            string gram = string.Join(between, tokens, i, n);
            grams[gram] = grams.GetValueOrDefault(gram) + 1;
        }
        return grams;
    }
}

namespace Hone.Evaluation.Metrics.Text;

/// <summary>Settings of BLEU under sacrebleu's names and defaults.</summary>
public sealed record BleuSettings
{
    /// <summary>none, 13a, intl, zh or char.</summary>
    public string Tokenize { get; init; } = "13a";

    public bool Lowercase { get; init; }

    /// <summary>none, floor, add-k or exp.</summary>
    public string SmoothMethod { get; init; } = "exp";

    /// <summary>For floor (0.1 when null) and add-k (1 when null).</summary>
    public double? SmoothValue { get; init; }

    public int MaxNgramOrder { get; init; } = 4;

    /// <summary>Leave out orders for which the hypothesis has no n-grams; usual for single sentences.</summary>
    public bool EffectiveOrder { get; init; }
}

/// <summary>A BLEU score, 0..100, and what it is made of.</summary>
public sealed record BleuScore(double Score, double[] Counts, double[] Totals, double[] Precisions, double BrevityPenalty, int SystemLength, int ReferenceLength);

/// <summary>BLEU (Papineni et al. 2002) as sacrebleu computes it (Post 2018).</summary>
public sealed class Bleu(BleuSettings? settings = null)
{
    private readonly BleuSettings settings = settings ?? new();

    /// <summary>One sentence against its references.</summary>
    public BleuScore Sentence(string hypothesis, IReadOnlyList<string> references) => Corpus([hypothesis], [references]);

    /// <summary>A corpus: n-gram counts are added up over sentences. The length of the closest reference counts, the shorter of equals.</summary>
    public BleuScore Corpus(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references)
    {
        int order = settings.MaxNgramOrder, systemLength = 0, referenceLength = 0;
        double[] counts = new double[order], totals = new double[order];
        for (int s = 0; s < hypotheses.Count; s++)
        {
            string[] hypothesis = Words(hypotheses[s]);
            string[][] wanted = [.. references[s].Select(Words)];
            systemLength += hypothesis.Length;
            referenceLength += wanted.Select(w => w.Length).OrderBy(l => Math.Abs(l - hypothesis.Length)).ThenBy(l => l).First();
            for (int n = 1; n <= order; n++) Count(hypothesis, wanted, n, ref counts[n - 1], ref totals[n - 1]);
        }
        return Compose(counts, totals, systemLength, referenceLength);
    }

    private BleuScore Compose(double[] counts, double[] totals, int systemLength, int referenceLength)
    {
        double penalty = systemLength >= referenceLength ? 1 : systemLength > 0 ? Math.Exp(1 - (double)referenceLength / systemLength) : 0;
        double[] precisions = new double[counts.Length];
        if (Array.TrueForAll(counts, c => c == 0)) return new(0, counts, totals, precisions, penalty, systemLength, referenceLength);
        double halving = 1;
        int effective = counts.Length;
        for (int n = 1; n <= counts.Length; n++)
        {
            if (settings.SmoothMethod == "add-k" && n > 1)
            {
                counts[n - 1] += settings.SmoothValue ?? 1;
                totals[n - 1] += settings.SmoothValue ?? 1;
            }
            if (totals[n - 1] == 0) break;
            if (settings.EffectiveOrder) effective = n;
            if (counts[n - 1] > 0) precisions[n - 1] = 100 * counts[n - 1] / totals[n - 1];
            else if (settings.SmoothMethod == "exp") precisions[n - 1] = 100 / ((halving *= 2) * totals[n - 1]);
            else if (settings.SmoothMethod == "floor") precisions[n - 1] = 100 * (settings.SmoothValue ?? 0.1) / totals[n - 1];
        }
        double logs = precisions.Take(effective).Sum(p => p == 0 ? double.NegativeInfinity : Math.Log(p));
        return new(penalty * Math.Exp(logs / effective), counts, totals, precisions, penalty, systemLength, referenceLength);
    }

    private string[] Words(string text)
    {
        text = text.TrimEnd();
        if (settings.Lowercase) text = text.ToLowerInvariant();
        string tokenised = BleuTokenizers.Tokenize(settings.Tokenize, text);
        return tokenised.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    }

    private static void Count(string[] hypothesis, string[][] references, int n, ref double matches, ref double total)
    {
        Dictionary<string, int> given = Grams(hypothesis, n), best = [];
        foreach (string[] reference in references)
            foreach ((string gram, int count) in Grams(reference, n)) best[gram] = Math.Max(best.GetValueOrDefault(gram), count);
        total += Math.Max(0, hypothesis.Length - n + 1);
        matches += given.Sum(g => Math.Min(g.Value, best.GetValueOrDefault(g.Key)));
    }

    private static Dictionary<string, int> Grams(string[] words, int n)
    {
        Dictionary<string, int> grams = [];
        for (int i = 0; i + n <= words.Length; i++)
        {
            string gram = string.Join(' ', words, i, n);
            grams[gram] = grams.GetValueOrDefault(gram) + 1;
        }
        return grams;
    }
}

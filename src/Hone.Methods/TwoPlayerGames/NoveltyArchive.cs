using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Evaluation.Metrics.Text;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>Turns texts into vectors of length 1.</summary>
public delegate IReadOnlyList<float[]> TextVectors(IReadOnlyList<string> texts);

/// <summary>How like earlier attacks a text is, 0 to 1 each.</summary>
/// <param name="SelfBleu">By words.</param>
/// <param name="Cosine">By meaning.</param>
public readonly record struct Likeness(double SelfBleu, double Cosine);

/// <summary>
/// Everything the adversary has said. A new attack is compared with it before it is added, so a batch is never compared with itself.
/// Unbounded in the released code; here a sample of bounded size, in which every attack has the same chance to be.
/// </summary>
/// <param name="vectors">Meaning of texts.</param>
/// <param name="capacity">Attacks kept at most.</param>
/// <param name="references">Attacks of the archive that a text is compared with at most.</param>
public sealed class NoveltyArchive(TextVectors vectors, int capacity = 4096, int references = 256)
{
    private const int ShortestOrder = 2, LongestOrder = 5;
    private static readonly Bleu Grams = new(new BleuSettings { Tokenize = "none", SmoothMethod = "none", MaxNgramOrder = LongestOrder, EffectiveOrder = true });
    private readonly List<(string Text, float[] Vector)> kept = [];

    /// <summary>Attacks in the archive.</summary>
    public int Count => kept.Count;

    /// <summary>Attacks ever added.</summary>
    public long Seen { get; private set; }

    /// <summary>Likeness of each text to the archive as it is; 0 where that is empty.</summary>
    /// <param name="texts">New attacks.</param>
    /// <param name="random">Draws what they are compared with where the archive is large.</param>
    public Likeness[] Compare(IReadOnlyList<string> texts, RandomStream random)
    {
        if (kept.Count == 0) return new Likeness[texts.Count];
        (string Text, float[] Vector)[] against = kept.Count <= references ? [.. kept] : Drawn(random);
        IReadOnlyList<float[]> meanings = vectors(texts);
        return [.. texts.Select((text, i) => new Likeness(against.Average(a => SelfBleu(text, a.Text)), against.Average(a => Dot(meanings[i], a.Vector))))];
    }

    /// <summary>Adds attacks; beyond the capacity, each replaces a random one with the chance that keeps the sample fair.</summary>
    public void Add(IReadOnlyList<string> texts, RandomStream random)
    {
        IReadOnlyList<float[]> meanings = vectors(texts);
        for (int i = 0; i < texts.Count; i++)
        {
            Seen++;
            if (kept.Count < capacity)
            {
                kept.Add((texts[i], meanings[i]));
                continue;
            }
            double place = random.NextDouble() * Seen;
            if (place < capacity) kept[(int)place] = (texts[i], meanings[i]);
        }
    }

    /// <summary>
    /// Mean of BLEU-2 to BLEU-5 of a text against another, uniform weights, words apart by spaces, no smoothing: 1 for equal texts, 0 for
    /// texts without a common word. Orders longer than the text are left out.
    /// </summary>
    public static double SelfBleu(string text, string reference)
    {
        BleuScore score = Grams.Sentence(text, [reference]);
        double sum = 0, logs = 0;
        int longest = Math.Max(1, Math.Min(LongestOrder, score.SystemLength));
        double[] byOrder = new double[LongestOrder + 1];
        for (int n = 1; n <= LongestOrder; n++)
        {
            if (n <= longest) logs += score.Totals[n - 1] == 0 || score.Counts[n - 1] == 0 ? double.NegativeInfinity : Math.Log(score.Counts[n - 1] / score.Totals[n - 1]);
            byOrder[n] = score.SystemLength == 0 ? 0 : score.BrevityPenalty * Math.Exp(logs / Math.Min(n, longest));
        }
        for (int n = ShortestOrder; n <= LongestOrder; n++) sum += byOrder[n];
        return sum / (LongestOrder - ShortestOrder + 1);
    }

    /// <summary>Vectors of words, for where no encoder is given: each word adds 1 to a place its letters choose.</summary>
    public static IReadOnlyList<float[]> WordVectors(IReadOnlyList<string> texts) => [.. texts.Select(WordVector)];

    /// <summary>The archive as a checkpoint keeps it.</summary>
    public JsonObject ToJson() => new() { ["seen"] = Seen, ["texts"] = new JsonArray([.. kept.Select(k => (JsonNode)k.Text)]) };

    /// <summary>Takes up what <see cref="ToJson"/> gave.</summary>
    public void Restore(JsonObject json)
    {
        string[] texts = [.. json["texts"]!.AsArray().Select(t => (string)t!)];
        kept.Clear();
        if (texts.Length > 0) kept.AddRange(texts.Zip(vectors(texts)));
        Seen = (long)json["seen"]!;
    }

    private (string Text, float[] Vector)[] Drawn(RandomStream random)
    {
        int[] places = [.. Enumerable.Range(0, kept.Count)];
        random.Shuffle<int>(places);
        return [.. places.Take(references).Select(p => kept[p])];
    }

    private static float[] WordVector(string text)
    {
        float[] vector = new float[256];
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            uint hash = 2166136261; // FNV-1a: the same on every machine
            foreach (char c in word) hash = (hash ^ c) * 16777619;
            vector[hash % 256]++;
        }
        float length = MathF.Sqrt(vector.Sum(x => x * x));
        return length == 0 ? vector : [.. vector.Select(x => x / length)];
    }

    private static double Dot(float[] a, float[] b) => Math.Clamp(a.Zip(b, (x, y) => (double)x * y).Sum(), 0, 1);
}

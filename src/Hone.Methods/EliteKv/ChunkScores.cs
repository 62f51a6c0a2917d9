using Hone.Core;

namespace Hone.Methods.EliteKv;

/// <summary>
/// What rotation does to the scores of one head, chunk by chunk: Δ_i = s_i − ŝ_i with s_i the part of the scaled score that chunk i adds
/// when it rotates and ŝ_i when it does not, over sampled causal pairs. EliteKV, arXiv:2503.01586. A score with only the chunks
/// E rotated differs from the full one by the sum of Δ_i over the chunks outside E, so the network never has to run again.
/// </summary>
public sealed class ChunkScores
{
    private readonly List<double>[] differences;
    private readonly double[] contributions;

    /// <param name="chunks">C = D / 2.</param>
    public ChunkScores(int chunks)
    {
        differences = [.. Enumerable.Range(0, chunks).Select(_ => new List<double>())];
        contributions = new double[chunks];
    }

    /// <summary>C.</summary>
    public int Chunks => differences.Length;

    /// <summary>Pairs sampled so far.</summary>
    public int Pairs => differences[0].Count;

    /// <summary>[pairs] Δ_i.</summary>
    public IReadOnlyList<double> Difference(int chunk) => differences[chunk];

    /// <summary>Mean of the rotated product q'·k' of each chunk over the pairs: the baseline after arXiv:2410.08703.</summary>
    public double[] Contributions => [.. contributions.Select(sum => sum / Math.Max(1, Pairs))];

    /// <summary>Adds a pair of a query at position m and a key at position n ≤ m.</summary>
    /// <param name="query">[D] before rotation, chunk i in channels i and i + D/2.</param>
    /// <param name="key">[D] before rotation.</param>
    /// <param name="distance">m − n.</param>
    /// <param name="frequencies">[C] radians per position.</param>
    /// <param name="scale">Factor on the scores, attention factor of the rotation included.</param>
    public void Add(ReadOnlySpan<float> query, ReadOnlySpan<float> key, int distance, ReadOnlySpan<double> frequencies, double scale)
    {
        int chunks = Chunks;
        for (int i = 0; i < chunks; i++)
        {
            double a = query[i], b = query[i + chunks], x = key[i], y = key[i + chunks];
            (double sin, double cos) = Math.SinCos(distance * frequencies[i]);
            double plain = a * x + b * y, rotated = plain * cos + (a * y - b * x) * sin;
            differences[i].Add(scale * (rotated - plain));
            contributions[i] += scale * rotated;
        }
    }

    /// <summary>D(E): mean over the pairs of |Σ Δ_i| over the chunks that do not rotate.</summary>
    /// <param name="elite">The chunks that rotate.</param>
    public double Distance(IEnumerable<int> elite)
    {
        HashSet<int> rotating = [.. elite];
        double[] rest = new double[Pairs];
        for (int i = 0; i < Chunks; i++)
            if (!rotating.Contains(i)) AddTo(rest, i, 1);
        return MeanAbsolute(rest);
    }

    internal void AddTo(double[] rest, int chunk, double sign)
    {
        ReadOnlySpan<double> own = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(differences[chunk]);
        for (int p = 0; p < rest.Length; p++) rest[p] += sign * own[p];
    }

    /// <summary>Mean of |rest − Δ_chunk|.</summary>
    internal double MeanAbsoluteWithout(double[] rest, int chunk)
    {
        ReadOnlySpan<double> own = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(differences[chunk]);
        double sum = 0;
        for (int p = 0; p < rest.Length; p++) sum += Math.Abs(rest[p] - own[p]);
        return sum / Math.Max(1, rest.Length);
    }

    internal static double MeanAbsolute(double[] rest) => rest.Length == 0 ? 0 : rest.Sum(Math.Abs) / rest.Length;
}

namespace Hone.Inference.Caches.Streaming;

/// <summary>How a stream is cut into spans.</summary>
/// <param name="Theta">Weight a pair must bring to be worth including, θ; sets the typical length m/θ of a span whose tokens keep a share m of their attention inside it.</param>
/// <param name="Overlap">Largest intersection over union with a better span, τ; 0 gives a partition.</param>
/// <param name="MinLength">Shortest span that is looked for, tokens.</param>
/// <param name="MaxLength">Longest span, tokens.</param>
public sealed record DivisionOptions(double Theta = 0.016, double Overlap = 0, int MinLength = 4, int MaxLength = 64);

/// <summary>
/// Finds spans as lower-triangular patches of high attention: S(x, y) = Σ over x ≤ j ≤ i ≤ y of (A_ij − θ), best first, without
/// overlap. Ltri-LLM, arXiv:2412.04757; θ is taken off causal pairs only.
/// </summary>
public static class TriangleDivision
{
    /// <summary>All spans with a score above 0, in no particular order.</summary>
    public static List<TokenSpan> Candidates(AttentionBand map, DivisionOptions options)
    {
        List<TokenSpan> found = [];
        int count = map.Count, longest = Math.Min(options.MaxLength, map.Width);
        double[] mass = new double[count];
        for (int y = 0; y < count; y++)
        {
            // mass(x, y) = mass(x, y − 1) + Σ over j from x to y of A_yj, in double because the terms nearly cancel against θ.
            double row = 0;
            for (int x = y; x >= Math.Max(0, y - longest + 1); x--)
            {
                row += map[y, x];
                mass[x] += row;
                int length = y - x + 1;
                double score = mass[x] - options.Theta * length * (length + 1.0) / 2;
                if (length >= options.MinLength && score > 0) found.Add(new(x, length, score));
            }
        }
        return found;
    }

    /// <summary>
    /// Best first, dropping whatever overlaps a better one by more than <see cref="DivisionOptions.Overlap"/> (non-maximum suppression);
    /// among equal scores the earlier, then the shorter.
    /// </summary>
    public static List<TokenSpan> Suppress(IEnumerable<TokenSpan> candidates, double overlap)
    {
        List<TokenSpan> kept = [];
        foreach (TokenSpan span in candidates.OrderByDescending(s => s.Score).ThenBy(s => s.Start).ThenBy(s => s.Length))
            if (kept.TrueForAll(better => better.Overlap(span) <= overlap)) kept.Add(span);
        return kept;
    }

    /// <summary>
    /// Cuts all tokens into spans, in order: those found, overlaps trimmed in favour of the better, and fillers of score 0 for what lies between.
    /// </summary>
    public static List<TokenSpan> Divide(AttentionBand map, DivisionOptions options) =>
        Partition(Suppress(Candidates(map, options), options.Overlap), map.Count, options.MaxLength);

    /// <summary>Spans of a fixed length, the last one shorter.</summary>
    public static List<TokenSpan> Blocks(int count, int length) =>
        [.. Enumerable.Range(0, (count + length - 1) / length).Select(b => new TokenSpan(b * length, Math.Min(length, count - b * length), 0))];

    /// <summary>Every token in exactly one span.</summary>
    /// <param name="spans">Best first.</param>
    /// <param name="count">Tokens.</param>
    /// <param name="maxLength">Longest filler.</param>
    internal static List<TokenSpan> Partition(IEnumerable<TokenSpan> spans, int count, int maxLength)
    {
        int[] owner = new int[count];
        Array.Fill(owner, -1);
        List<TokenSpan> ranked = [.. spans];
        for (int s = 0; s < ranked.Count; s++)
            for (int t = ranked[s].Start; t < ranked[s].End; t++)
                if (owner[t] < 0) owner[t] = s;
        List<TokenSpan> parts = [];
        for (int start = 0; start < count;)
        {
            int end = start + 1;
            while (end < count && owner[end] == owner[start] && (owner[start] >= 0 || end - start < maxLength)) end++;
            parts.Add(new(start, end - start, owner[start] < 0 ? 0 : ranked[owner[start]].Score));
            start = end;
        }
        return parts;
    }
}

namespace Hone.Inference.Caches.Streaming;

/// <summary>How a stream is cut into spans.</summary>
/// <param name="Theta">Weight a pair must bring to be worth including, θ; sets the typical length m/θ of a span whose tokens keep a share m of their attention inside it.</param>
/// <param name="Overlap">Largest intersection over union with a better span, τ; 0 gives a partition.</param>
/// <param name="MinLength">Shortest span that is looked for, tokens.</param>
/// <param name="MaxLength">Longest span, tokens.</param>
/// <param name="Split">Whether neighbours that were found as one span are taken apart; see <see cref="TriangleDivision.Split"/>.</param>
public sealed record DivisionOptions(double Theta = 0.016, double Overlap = 0, int MinLength = 4, int MaxLength = 64, bool Split = true);

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
    public static List<TokenSpan> Divide(AttentionBand map, DivisionOptions options)
    {
        List<TokenSpan> parts = Partition(Suppress(Candidates(map, options), options.Overlap), map.Count, options.MaxLength);
        return options.Split ? [.. parts.SelectMany(span => span.Score > 0 ? Split(map, span, options) : [span])] : parts;
    }

    /// <summary>
    /// Takes a span apart where its later part hardly attends to its earlier part: where the block between the two brings less than θ a
    /// pair, so that S of the parts adds up to more than S of the whole. Suppression alone prefers the whole as soon as spans are more than about three
    /// times as dense as θ, because it looks at one score at a time.
    /// </summary>
    /// <returns>In order; the span itself where no cut gains.</returns>
    public static IEnumerable<TokenSpan> Split(AttentionBand map, TokenSpan span, DivisionOptions options)
    {
        int best = 0;
        double gain = 1e-9;
        for (int left = options.MinLength; left <= span.Length - options.MinLength; left++)
        {
            double between = 0;
            for (int row = span.Start + left; row < span.End; row++)
                for (int column = span.Start; column < span.Start + left; column++) between += map[row, column] - options.Theta;
            if (-between > gain) (best, gain) = (left, -between);
        }
        if (best == 0) return [span];
        TokenSpan first = new(span.Start, best, 0), second = new(span.Start + best, span.Length - best, 0);
        return [.. Split(map, Scored(map, first, options.Theta), options), .. Split(map, Scored(map, second, options.Theta), options)];
    }

    private static TokenSpan Scored(AttentionBand map, TokenSpan span, double theta)
    {
        double score = 0;
        for (int row = span.Start; row < span.End; row++)
            for (int column = span.Start; column <= row; column++) score += map[row, column] - theta;
        return span with { Score = Math.Max(0, score) };
    }

    /// <summary>Spans that end at random places, scored as the triangles they are.</summary>
    /// <param name="map">Attention.</param>
    /// <param name="options">Lengths and θ.</param>
    /// <param name="random">Draws lengths, all from the shortest to the longest alike.</param>
    public static List<TokenSpan> AtRandom(AttentionBand map, DivisionOptions options, RandomStream random)
    {
        List<TokenSpan> spans = [];
        for (int start = 0; start < map.Count; start = spans[^1].End)
            spans.Add(Scored(map, new(start, Math.Min(map.Count - start, random.Next(options.MinLength, options.MaxLength + 1)), 0), options.Theta));
        return spans;
    }

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

namespace Hone.Inference.Caches.Streaming;

/// <summary>Which tokens stand for a span, and how many. Ltri-LLM, arXiv:2412.04757; the formulas are this project's reading of it.</summary>
public static class SpanVotes
{
    /// <summary>[length] attention each token of a span gets from later tokens of its span and of the next one.</summary>
    /// <param name="map">Attention.</param>
    /// <param name="span">The span.</param>
    /// <param name="voters">One past the last token that votes: the end of the next span.</param>
    public static double[] Of(AttentionBand map, TokenSpan span, int voters)
    {
        double[] votes = new double[span.Length];
        for (int t = span.Start; t < span.End; t++)
            for (int i = t + 1; i < Math.Min(voters, map.Count) && i - t < map.Width; i++) votes[t - span.Start] += map[i, t];
        return votes;
    }

    /// <summary>
    /// S / (S + the greater of the neighbours' scores), scores by the token: how clearly a span stands out, 0 to 1. A filler has 0.
    /// </summary>
    public static double Confidence(TokenSpan span, TokenSpan? before, TokenSpan? after)
    {
        double own = Density(span), other = Math.Max(Density(before), Density(after));
        return own <= 0 ? 0 : own / (own + other);
    }

    /// <summary>Index vectors of a span: few where it is clear, more where it is not.</summary>
    public static int Vectors(double confidence, int least, int most, int length) =>
        Math.Clamp((int)Math.Round(least + (1 - confidence) * (most - least), MidpointRounding.ToEven), 1, length);

    /// <summary>Indices of the tokens with most votes, best first; the earlier among equals.</summary>
    public static int[] Chosen(double[] votes, int count) => [.. Enumerable.Range(0, votes.Length).OrderByDescending(t => votes[t]).ThenBy(t => t).Take(count)];

    private static double Density(TokenSpan? span) => span is { } s ? s.Score / s.Length : 0;
}

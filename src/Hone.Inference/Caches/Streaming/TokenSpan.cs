namespace Hone.Inference.Caches.Streaming;

/// <summary>Neighbouring tokens that belong together.</summary>
/// <param name="Start">First token.</param>
/// <param name="Length">Number of tokens, at least 1.</param>
/// <param name="Score">Triangle score; 0 for what fills a gap.</param>
public readonly record struct TokenSpan(int Start, int Length, double Score)
{
    /// <summary>One past the last token.</summary>
    public int End => Start + Length;

    /// <summary>Intersection over union of the two as intervals of tokens.</summary>
    public double Overlap(TokenSpan other)
    {
        int common = Math.Min(End, other.End) - Math.Max(Start, other.Start);
        return common <= 0 ? 0 : (double)common / (Length + other.Length - common);
    }
}

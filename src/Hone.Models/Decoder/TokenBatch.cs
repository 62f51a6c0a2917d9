using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>Token sequences of any length, one after the other, without padding.</summary>
public sealed class TokenBatch
{
    /// <param name="tokens">[N] ids.</param>
    /// <param name="positions">[N] position of each token in its sequence.</param>
    /// <param name="segments">Where each sequence lies.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public TokenBatch(int[] tokens, int[] positions, Segments segments)
    {
        if (tokens.Length != segments.Tokens || positions.Length != tokens.Length)
            throw new ArgumentException($"{tokens.Length} tokens, {positions.Length} positions, segments of {segments.Tokens}");
        (Tokens, Positions, Segments) = (tokens, positions, segments);
    }

    /// <summary>[N] ids.</summary>
    public int[] Tokens { get; }

    /// <summary>[N] position of each token in its sequence.</summary>
    public int[] Positions { get; }

    /// <summary>Where each sequence lies.</summary>
    public Segments Segments { get; }

    /// <summary>Whole sequences, positions counted from 0 in each.</summary>
    public static TokenBatch Of(params IReadOnlyList<int[]> sequences)
    {
        Segments segments = new([.. sequences.Select(s => s.Length)]);
        int[] positions = new int[segments.Tokens];
        segments.FillPositions(positions);
        return new([.. sequences.SelectMany(s => s)], positions, segments);
    }

    /// <summary>Length that sequence <paramref name="segment"/> has after this pass, earlier tokens included.</summary>
    internal int LengthAfter(int segment) => Segments.Length(segment) == 0 ? 0 : Positions[Segments.Start(segment) + Segments.Length(segment) - 1] + 1;
}

namespace Hone.Tensors;

/// <summary>
/// Where each sequence lies among flattened tokens: activations are [tokens, width] with the sequences one after the other,
/// ragged and without padding.
/// </summary>
public sealed class Segments
{
    private readonly int[] starts;

    /// <param name="lengths">Tokens of each sequence, in order; zero is allowed.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length is negative.</exception>
    public Segments(params ReadOnlySpan<int> lengths)
    {
        starts = new int[lengths.Length + 1];
        for (int s = 0; s < lengths.Length; s++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(lengths[s], nameof(lengths));
            starts[s + 1] = checked(starts[s] + lengths[s]);
            MaxLength = Math.Max(MaxLength, lengths[s]);
        }
    }

    /// <summary>Number of sequences.</summary>
    public int Count => starts.Length - 1;

    /// <summary>Number of tokens of all sequences together.</summary>
    public int Tokens => starts[^1];

    /// <summary>Tokens of the longest sequence; 0 when there is none.</summary>
    public int MaxLength { get; }

    /// <summary>Start of every sequence and, last, the number of tokens: [<see cref="Count"/> + 1].</summary>
    public ReadOnlySpan<int> Starts => starts;

    /// <summary>First token of sequence <paramref name="s"/>.</summary>
    public int Start(int s) => starts[s];

    /// <summary>Tokens of sequence <paramref name="s"/>.</summary>
    public int Length(int s) => starts[s + 1] - starts[s];

    /// <summary>Writes each token's position within its sequence, counted from 0.</summary>
    /// <param name="target">[<see cref="Tokens"/>].</param>
    public void FillPositions(Span<int> target)
    {
        for (int s = 0; s < Count; s++)
            for (int i = 0; i < Length(s); i++) target[starts[s] + i] = i;
    }
}

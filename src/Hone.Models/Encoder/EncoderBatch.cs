using Hone.Tensors;

namespace Hone.Models.Encoder;

/// <summary>Texts of any length for an encoder, one after the other, without padding.</summary>
public sealed class EncoderBatch
{
    /// <param name="sequences">Token ids of each text.</param>
    /// <param name="types">Segment of each token (0 first text, 1 second); null for all 0.</param>
    /// <exception cref="ArgumentException">Types of another length than the tokens.</exception>
    public EncoderBatch(IReadOnlyList<int[]> sequences, IReadOnlyList<int[]>? types = null)
    {
        Segments = new Segments([.. sequences.Select(s => s.Length)]);
        Tokens = [.. sequences.SelectMany(s => s)];
        Positions = new int[Tokens.Length];
        Segments.FillPositions(Positions);
        Types = types is null ? new int[Tokens.Length] : [.. types.SelectMany(t => t)];
        if (Types.Length != Tokens.Length) throw new ArgumentException($"{Types.Length} types for {Tokens.Length} tokens");
    }

    /// <summary>[N].</summary>
    public int[] Tokens { get; }

    /// <summary>[N].</summary>
    public int[] Types { get; }

    /// <summary>[N].</summary>
    public int[] Positions { get; }

    public Segments Segments { get; }
}

namespace Hone.Tensors.Ops;

/// <summary>Which numbers of a head form a pair that is rotated together.</summary>
public enum RopeStyle
{
    /// <summary>i and i + rotated/2 (GPT-NeoX, Llama in Hugging Face files).</summary>
    HalfSplit,

    /// <summary>2i and 2i + 1 (the paper; Llama in GGUF files).</summary>
    Interleaved,
}

/// <summary>
/// Angles of rotary position embeddings. Su et al. 2021 (RoFormer), arXiv:2104.09864. Angles are position · frequency in double
/// precision: in single precision they are off by 2e-3 at position 32767. Cosines and sines are computed once per position
/// and kept; safe to use from several threads.
/// </summary>
public sealed class RopeTable
{
    private const int PositionsPerBlock = 256, MaxPosition = 1 << 24;
    private readonly double[] frequencies;
    private readonly Lock gate = new();
    private volatile float[]?[] blocks = [];

    /// <param name="headSize">Numbers per head, D.</param>
    /// <param name="inverseFrequencies">Radians per position of each pair, e.g. from <see cref="RopeFrequencies"/>.</param>
    /// <param name="attentionFactor">Multiplies cosines and sines (YaRN, longrope), so scores grow by its square.</param>
    /// <param name="style">Which numbers form a pair.</param>
    /// <exception cref="ArgumentException">More pairs than fit in a head.</exception>
    public RopeTable(int headSize, ReadOnlySpan<double> inverseFrequencies, double attentionFactor = 1, RopeStyle style = RopeStyle.HalfSplit)
    {
        if (inverseFrequencies.Length == 0 || 2 * inverseFrequencies.Length > headSize)
            throw new ArgumentException($"{inverseFrequencies.Length} frequencies for a head of {headSize}");
        frequencies = inverseFrequencies.ToArray();
        (HeadSize, AttentionFactor, Style) = (headSize, attentionFactor, style);
    }

    /// <summary>Numbers per head.</summary>
    public int HeadSize { get; }

    /// <summary>How many numbers at the beginning of each head are rotated; the rest passes through.</summary>
    public int RotatedDims => 2 * frequencies.Length;

    /// <summary>Factor on cosines and sines.</summary>
    public double AttentionFactor { get; }

    /// <summary>Which numbers form a pair.</summary>
    public RopeStyle Style { get; }

    /// <summary>Radians per position of each pair.</summary>
    public ReadOnlySpan<double> InverseFrequencies => frequencies;

    /// <summary>Cosines, then sines, of one position: [2 · pairs], already multiplied by the attention factor.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative or beyond 2²⁴.</exception>
    public ReadOnlySpan<float> At(int position)
    {
        if ((uint)position >= MaxPosition) throw new ArgumentOutOfRangeException(nameof(position), $"rope: position {position}");
        int index = position / PositionsPerBlock;
        float[]?[] known = blocks;
        float[] block = (index < known.Length ? known[index] : null) ?? Fill(index);
        return block.AsSpan(position % PositionsPerBlock * RotatedDims, RotatedDims);
    }

    private float[] Fill(int index)
    {
        lock (gate)
        {
            float[]?[] known = blocks;
            if (index < known.Length && known[index] is { } present) return present;
            if (index >= known.Length) Array.Resize(ref known, Math.Max(index + 1, 2 * known.Length));
            float[] block = new float[PositionsPerBlock * RotatedDims];
            for (int p = 0; p < PositionsPerBlock; p++) FillPosition(index * PositionsPerBlock + p, block.AsSpan(p * RotatedDims, RotatedDims));
            known[index] = block;
            blocks = known;
            return block;
        }
    }

    private void FillPosition(int position, Span<float> target)
    {
        for (int i = 0; i < frequencies.Length; i++)
        {
            (double sin, double cos) = Math.SinCos(position * frequencies[i]);
            target[i] = (float)(cos * AttentionFactor);
            target[frequencies.Length + i] = (float)(sin * AttentionFactor);
        }
    }
}

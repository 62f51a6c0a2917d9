namespace Hone.Inference.Caches;

/// <summary>What keys and values take by formula, for budgets and for checking what stores count.</summary>
/// <param name="KvHeads">K.</param>
/// <param name="HeadSize">D.</param>
/// <param name="Bits">Bits of a rounded number.</param>
/// <param name="Group">Numbers that share a scale.</param>
/// <param name="ScaleBytes">Bytes of a scale; 0 for floating point.</param>
/// <param name="LowBytes">Bytes of a lowest value.</param>
/// <param name="ExactBytes">Bytes of a number that is not rounded.</param>
public sealed record KvByteFormula(int KvHeads, int HeadSize, double Bits, int Group, int ScaleBytes, int LowBytes, int ExactBytes)
{
    /// <summary>Bits for each number, scales included.</summary>
    public double EffectiveBits => Bits + 8.0 * (ScaleBytes + LowBytes) / Group;

    /// <summary>Bytes of keys and values of one layer: Σ_{K,V} K [T_q D b/8 + T_q D/g (s + z) + T_r D e].</summary>
    /// <param name="rounded">T_q, rounded tokens.</param>
    /// <param name="exact">T_r, exact tokens.</param>
    public long Layer(long rounded, long exact) => 2L * KvHeads * (long)Math.Round(
        rounded * HeadSize * Bits / 8 + rounded * HeadSize / (double)Group * (ScaleBytes + LowBytes) + exact * (double)HeadSize * ExactBytes);

    /// <summary>The most tokens of a layer that fit into a number of bytes, none of them exact.</summary>
    public int Tokens(long bytes) => (int)(bytes / (2.0 * KvHeads * HeadSize * EffectiveBits / 8));
}

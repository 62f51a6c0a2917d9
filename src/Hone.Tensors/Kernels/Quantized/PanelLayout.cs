namespace Hone.Tensors.Kernels.Quantized;

/// <summary>
/// How weights lie in memory for int8 dot products. Sixteen rows of the matrix form a panel. A panel consists of
/// blocks, a block being 32 columns of the 16 rows: scales (and minima), then quants. One stream of memory is read that way;
/// with all scales of a panel before its quants, one thread read 12 GB/s where it now reads 33 (Q4_1, one row). Quants are ordered
/// [8 groups of 4 columns, 16 rows, 4 columns], so that one 64-byte vector meets four activations broadcast to all lanes;
/// where they are nibbles, the high nibbles hold the last four groups. Quants are unsigned, as the dot product
/// instructions of x86 want the left factor: <see cref="Zero"/> is the quant that stands for zero.
/// </summary>
/// <param name="Nibbles">4-bit quants, two in a byte.</param>
/// <param name="HasMinimum">Whether each block of each row has a minimum beside its scale.</param>
/// <param name="HalfScales">Scales (and minima) are fp16, else fp32.</param>
/// <param name="Zero">Value subtracted from quants.</param>
internal readonly record struct PanelLayout(bool Nibbles, bool HasMinimum, bool HalfScales, int Zero)
{
    /// <summary>Rows in a panel.</summary>
    public const int Rows = 16;

    /// <summary>Columns in a block.</summary>
    public const int Block = 32;

    /// <summary>Bytes of a block's quants.</summary>
    public int QuantBytes => Nibbles ? 256 : 512;

    /// <summary>Bytes of a block's scales and minima: 16 scales, then 16 minima.</summary>
    public int ScaleBytes => Rows * (HalfScales ? 2 : 4) * (HasMinimum ? 2 : 1);

    /// <summary>Bytes of a block: its scales, then its quants.</summary>
    public int BlockBytes => ScaleBytes + QuantBytes;

    /// <summary>Bytes of a panel.</summary>
    public long PanelBytes(int blocks) => (long)blocks * BlockBytes;

    /// <summary>The layout of a stored type, or null for those that are not multiplied as int8.</summary>
    public static PanelLayout? For(QuantType type) => type switch
    {
        QuantType.Q8_0 => new(false, false, true, 128),
        QuantType.Q4_0 => new(true, false, true, 8),
        QuantType.Q4_1 => new(true, true, true, 0),
        QuantType.Q4_K => new(true, true, false, 0),
        _ => null,
    };
}

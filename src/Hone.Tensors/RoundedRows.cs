using Hone.Tensors.Kernels.Quantized;

namespace Hone.Tensors;

/// <summary>
/// Inputs of quantised matrices as these are multiplied with: rows of int8 with a scale for each 32 numbers, in memory of the caller's.
/// Threads may round different rows, or different blocks of one, at the same time.
/// </summary>
public readonly unsafe struct RoundedRows
{
    private readonly ActivationBlock* start;
    private readonly int width;

    /// <param name="memory">At least <see cref="Bytes"/>, aligned to 16 bytes.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Numbers per row, a multiple of 32.</param>
    /// <param name="precise">Keeps the 24 bits of fp32 by three int8 rows for each: see <see cref="QuantizedMatrix.IsPrecise"/>.</param>
    public RoundedRows(void* memory, int rows, int width, bool precise)
    {
        start = (ActivationBlock*)memory;
        (this.width, Rows, IsPrecise) = (width, rows, precise);
    }

    /// <summary>Numbers that are rounded together.</summary>
    public const int Block = PanelLayout.Block;

    /// <summary>Bytes for some rows.</summary>
    public static long Bytes(int rows, int width, bool precise) => ActivationQuantizer.Bytes(rows * (precise ? ActivationQuantizer.Parts : 1), width);

    /// <summary>Rows of numbers.</summary>
    public int Rows { get; }

    /// <summary>Whether all bits are kept.</summary>
    public bool IsPrecise { get; }

    /// <summary>Int8 rows that one row of numbers becomes; their results are added.</summary>
    internal int Parts => IsPrecise ? ActivationQuantizer.Parts : 1;

    /// <summary>Int8 rows.</summary>
    internal int Int8Rows => Rows * Parts;

    /// <summary>Int8 rows that are multiplied together.</summary>
    internal int GroupRows => IsPrecise ? ActivationQuantizer.PreciseGroupRows : ActivationQuantizer.GroupRows;

    /// <summary>The group that begins with an int8 row.</summary>
    internal ActivationBlock* Group(int first) => ActivationQuantizer.Group(start, first, width);

    /// <summary>Rounds a row, or some blocks of it.</summary>
    /// <param name="row">Row.</param>
    /// <param name="x">[blocks · 32] numbers.</param>
    /// <param name="block">First block.</param>
    /// <param name="blocks">How many.</param>
    public void Round(int row, float* x, int block, int blocks)
    {
        int part = row * Parts, first = part / GroupRows * GroupRows, together = Math.Min(GroupRows, Int8Rows - first);
        ActivationBlock* target = Group(first) + (nint)block * together + (part - first);
        for (int b = 0; b < blocks; b++, x += Block, target += together)
        {
            if (IsPrecise) ActivationQuantizer.QuantizeParts(x, target);
            else ActivationQuantizer.Quantize(x, target);
        }
    }

    /// <summary>Rounds a whole row.</summary>
    /// <param name="row">Row.</param>
    /// <param name="x">[width].</param>
    public void Round(int row, float* x) => Round(row, x, 0, width / Block);
}

using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>Sizes of the number formats. A plain type is a block of one element.</summary>
public static class WeightTypes
{
    /// <summary>Elements per block: 1 for plain numbers, 16 to 256 for quantised ones.</summary>
    public static int BlockSize(this WeightType type) => Layout(type).Elements;

    /// <summary>Bytes per block.</summary>
    public static int BlockBytes(this WeightType type) => Layout(type).Bytes;

    /// <summary>Whether numbers are stored in blocks with shared scales.</summary>
    public static bool IsQuantized(this WeightType type) => Layout(type).Elements > 1;

    /// <summary>Whether the type holds whole numbers or truth values.</summary>
    public static bool IsInteger(this WeightType type) => type is >= WeightType.I64 and <= WeightType.Bool;

    /// <summary>Bits per element including scales, e.g. 4.5 for Q4_0.</summary>
    public static double BitsPerElement(this WeightType type) => 8.0 * Layout(type).Bytes / Layout(type).Elements;

    /// <summary>Bytes of <paramref name="elements"/> elements, which must fill whole blocks.</summary>
    public static long BytesOf(WeightType type, long elements)
    {
        (int size, int bytes) = Layout(type);
        if (elements % size != 0) throw new ArgumentException($"{elements} elements do not fill {type} blocks of {size}", nameof(elements));
        return checked(elements / size * bytes);
    }

    /// <summary>Number of elements of a shape read from a file.</summary>
    /// <exception cref="HoneException">A negative dimension, or a product beyond what a file can hold.</exception>
    internal static long CheckedCount(IReadOnlyList<long> shape, string place)
    {
        Int128 product = 1;
        bool empty = false;
        foreach (long size in shape)
        {
            if (size < 0) throw new HoneException($"{place}: dimension {size} is negative.");
            if (size == 0) empty = true;
            else product *= size;
            if (product > long.MaxValue / 64)
                throw new HoneException($"{place}: shape [{string.Join(", ", shape)}] is too large for any file.");
        }
        return empty ? 0 : (long)product;
    }

    private static (int Elements, int Bytes) Layout(WeightType type) => type switch
    {
        WeightType.F64 or WeightType.I64 or WeightType.U64 => (1, 8),
        WeightType.F32 or WeightType.I32 or WeightType.U32 => (1, 4),
        WeightType.F16 or WeightType.BF16 or WeightType.I16 or WeightType.U16 => (1, 2),
        WeightType.I8 or WeightType.U8 or WeightType.Bool or WeightType.F8_E4M3 or WeightType.F8_E5M2 => (1, 1),
        WeightType.Q8_0 => (32, 34),
        WeightType.Q8_1 => (32, 36),
        WeightType.Q4_0 or WeightType.IQ4_NL => (32, 18),
        WeightType.Q4_1 => (32, 20),
        WeightType.Q5_0 => (32, 22),
        WeightType.Q5_1 => (32, 24),
        WeightType.MXFP4 => (32, 17),
        WeightType.NVFP4 => (64, 36),
        WeightType.Q2_K => (256, 84),
        WeightType.Q3_K or WeightType.IQ3_S => (256, 110),
        WeightType.Q4_K => (256, 144),
        WeightType.Q5_K => (256, 176),
        WeightType.Q6_K => (256, 210),
        WeightType.Q8_K => (256, 292),
        WeightType.IQ4_XS => (256, 136),
        WeightType.IQ2_XXS or WeightType.TQ2_0 => (256, 66),
        WeightType.IQ2_XS => (256, 74),
        WeightType.IQ2_S => (256, 82),
        WeightType.IQ3_XXS => (256, 98),
        WeightType.IQ1_S => (256, 50),
        WeightType.IQ1_M => (256, 56),
        WeightType.TQ1_0 => (256, 54),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no such number format"),
    };
}

namespace Hone.Tensors;

/// <summary>How the weights of a <see cref="QuantizedMatrix"/> are stored in a file; names and bytes are those of GGUF.</summary>
public enum QuantType
{
    /// <summary>Blocks of 32: fp16 scale d, 32 int8 q; weight = d · q. 34 bytes.</summary>
    Q8_0,

    /// <summary>Blocks of 32: fp16 scale d, 32 nibbles q; weight = d · (q - 8). 18 bytes.</summary>
    Q4_0,

    /// <summary>Blocks of 32: fp16 scale d, fp16 minimum m, 32 nibbles q; weight = d · q + m. 20 bytes.</summary>
    Q4_1,

    /// <summary>Super-blocks of 256 in 8 blocks of 32 with 6-bit scales and minima; weight = d · s · q - dmin · m. 144 bytes.</summary>
    Q4_K,

    /// <summary>Super-blocks of 256 in 16 blocks of 16 with int8 scales; weight = d · s · (q - 32), q of 6 bits. 210 bytes.</summary>
    Q6_K,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>The upper half of an fp32 number.</summary>
    BF16,
}

/// <summary>Sizes of the quantised types.</summary>
public static class QuantTypes
{
    /// <summary>Weights per block.</summary>
    public static int BlockSize(this QuantType type) => type switch
    {
        QuantType.Q8_0 or QuantType.Q4_0 or QuantType.Q4_1 => 32,
        QuantType.Q4_K or QuantType.Q6_K => 256,
        QuantType.F16 or QuantType.BF16 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a quantised type"),
    };

    /// <summary>Bytes per block.</summary>
    public static int BlockBytes(this QuantType type) => type switch
    {
        QuantType.Q8_0 => 34,
        QuantType.Q4_0 => 18,
        QuantType.Q4_1 => 20,
        QuantType.Q4_K => 144,
        QuantType.Q6_K => 210,
        QuantType.F16 or QuantType.BF16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a quantised type"),
    };

    /// <summary>Bytes of one row of <paramref name="width"/> weights.</summary>
    /// <exception cref="ArgumentException">The width is not a multiple of the block size.</exception>
    public static long RowBytes(this QuantType type, int width) => width % type.BlockSize() == 0
        ? (long)width / type.BlockSize() * type.BlockBytes()
        : throw new ArgumentException($"{type}: rows of {width} weights; a multiple of {type.BlockSize()} is needed");
}

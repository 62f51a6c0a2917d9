using Hone.Core;
using Hone.Models.Formats.Blocks;

namespace Hone.Models.Formats;

/// <summary>
/// Quantised number formats: blocks of 16 to 256 weights that share scales, as GGUF files hold them. One small class per
/// family lies in the folder Blocks. Dequantising gives bit for bit what llama.cpp's reference code gives.
/// </summary>
public static class BlockFormats
{
    internal delegate void Reader(ReadOnlySpan<byte> block, Span<float> target);

    internal delegate void Writer(ReadOnlySpan<float> source, Span<byte> block);

    private static readonly Dictionary<WeightType, (Reader Read, Writer? Write)> Codecs = new()
    {
        [WeightType.Q8_0] = (LegacyBlocks.ReadQ8_0, LegacyBlocks.WriteQ8_0),
        [WeightType.Q8_1] = (LegacyBlocks.ReadQ8_1, null),
        [WeightType.Q4_0] = (LegacyBlocks.ReadQ4_0, LegacyBlocks.WriteQ4_0),
        [WeightType.Q4_1] = (LegacyBlocks.ReadQ4_1, LegacyBlocks.WriteQ4_1),
        [WeightType.Q5_0] = (LegacyBlocks.ReadQ5_0, LegacyBlocks.WriteQ5_0),
        [WeightType.Q5_1] = (LegacyBlocks.ReadQ5_1, LegacyBlocks.WriteQ5_1),
        [WeightType.Q2_K] = (KBlocks.ReadQ2_K, KQuantizers.WriteQ2_K),
        [WeightType.Q3_K] = (KBlocks.ReadQ3_K, KQuantizers.WriteQ3_K),
        [WeightType.Q4_K] = (KBlocks.ReadQ4_K, KQuantizers.WriteQ4_K),
        [WeightType.Q5_K] = (KBlocks.ReadQ5_K, KQuantizers.WriteQ5_K),
        [WeightType.Q6_K] = (KBlocks.ReadQ6_K, KQuantizers.WriteQ6_K),
        [WeightType.Q8_K] = (KBlocks.ReadQ8_K, null),
        [WeightType.IQ4_NL] = (Iq4Blocks.ReadIQ4_NL, Iq4Quantizers.WriteIQ4_NL),
        [WeightType.IQ4_XS] = (Iq4Blocks.ReadIQ4_XS, Iq4Quantizers.WriteIQ4_XS),
        [WeightType.IQ2_XXS] = (Iq23Blocks.ReadIQ2_XXS, null),
        [WeightType.IQ2_XS] = (Iq23Blocks.ReadIQ2_XS, null),
        [WeightType.IQ2_S] = (Iq23Blocks.ReadIQ2_S, null),
        [WeightType.IQ3_XXS] = (Iq23Blocks.ReadIQ3_XXS, null),
        [WeightType.IQ3_S] = (Iq23Blocks.ReadIQ3_S, null),
        [WeightType.IQ1_S] = (Iq1Blocks.ReadIQ1_S, null),
        [WeightType.IQ1_M] = (Iq1Blocks.ReadIQ1_M, null),
        [WeightType.TQ1_0] = (TernaryBlocks.ReadTQ1_0, TernaryBlocks.WriteTQ1_0),
        [WeightType.TQ2_0] = (TernaryBlocks.ReadTQ2_0, TernaryBlocks.WriteTQ2_0),
        [WeightType.MXFP4] = (Fp4Blocks.ReadMXFP4, Fp4Blocks.WriteMXFP4),
        [WeightType.NVFP4] = (Fp4Blocks.ReadNVFP4, null),
    };

    /// <summary>Types that can be read.</summary>
    public static IEnumerable<WeightType> Readable => Codecs.Keys;

    /// <summary>Whether <see cref="Quantize"/> can write the type.</summary>
    public static bool CanQuantize(WeightType type) => Codecs.TryGetValue(type, out (Reader, Writer? Write) codec) && codec.Write is not null;

    /// <summary>Elements per block.</summary>
    public static int BlockSize(WeightType type) => type.BlockSize();

    /// <summary>Bytes per block.</summary>
    public static int BlockBytes(WeightType type) => type.BlockBytes();

    /// <summary>Expands whole blocks to fp32.</summary>
    /// <param name="type">A block type.</param>
    /// <param name="source">[blocks × block bytes].</param>
    /// <param name="target">[blocks × block size] values.</param>
    /// <exception cref="HoneException">Not a block type that can be read.</exception>
    /// <exception cref="ArgumentException">Sizes do not fit each other.</exception>
    public static void Dequantize(WeightType type, ReadOnlySpan<byte> source, Span<float> target)
    {
        Reader read = Codec(type).Read;
        int blocks = CheckedBlocks(type, target.Length, source.Length), size = type.BlockSize(), bytes = type.BlockBytes();
        for (int i = 0; i < blocks; i++) read(source.Slice(i * bytes, bytes), target.Slice(i * size, size));
    }

    /// <summary>Compresses fp32 values to whole blocks.</summary>
    /// <param name="type">A type that <see cref="CanQuantize"/> names.</param>
    /// <param name="source">[blocks × block size] finite values.</param>
    /// <param name="target">[blocks × block bytes].</param>
    /// <exception cref="HoneException">The type cannot be written, or a value is infinite or not a number.</exception>
    /// <exception cref="ArgumentException">Sizes do not fit each other.</exception>
    public static void Quantize(WeightType type, ReadOnlySpan<float> source, Span<byte> target)
    {
        Writer write = Codec(type).Write ?? throw CannotWrite(type);
        int blocks = CheckedBlocks(type, source.Length, target.Length), size = type.BlockSize(), bytes = type.BlockBytes();
        CheckFinite(type, source);
        for (int i = 0; i < blocks; i++) write(source.Slice(i * size, size), target.Slice(i * bytes, bytes));
    }

    private static (Reader Read, Writer? Write) Codec(WeightType type) =>
        Codecs.TryGetValue(type, out (Reader, Writer?) codec) ? codec :
            throw new HoneException($"{type} is not a block format that can be read.");

    private static HoneException CannotWrite(WeightType type) => new(
        $"{type} can be read but not written. Choose one of {string.Join(", ", Codecs.Where(c => c.Value.Write is not null).Select(c => c.Key))}.");

    private static int CheckedBlocks(WeightType type, int elements, int bytes)
    {
        if (WeightTypes.BytesOf(type, elements) != bytes) throw new ArgumentException($"{bytes} bytes of {type} do not hold {elements} elements");
        return elements / type.BlockSize();
    }

    private static void CheckFinite(WeightType type, ReadOnlySpan<float> source)
    {
        for (int i = 0; i < source.Length; i++)
            if (!float.IsFinite(source[i]))
                throw new HoneException($"value {i} is {source[i]}; {type} can hold only finite numbers. The weights are damaged.");
    }
}

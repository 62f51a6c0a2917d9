using System.Runtime.InteropServices;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>Stored bytes of any type to fp32 and back.</summary>
public static class WeightConversion
{
    /// <summary>
    /// Converts stored numbers to fp32. Exact for F32, F16, BF16, the 8-bit floats and small integers; F64 and large integers
    /// are rounded to the nearest fp32.
    /// </summary>
    /// <param name="type">Format of <paramref name="source"/>.</param>
    /// <param name="source">Whole blocks, as many as <paramref name="target"/> has elements for.</param>
    /// <param name="target">[elements] result.</param>
    /// <exception cref="ArgumentException">Sizes do not fit each other.</exception>
    public static void ToSingle(WeightType type, ReadOnlySpan<byte> source, Span<float> target)
    {
        if (WeightTypes.BytesOf(type, target.Length) != source.Length)
            throw new ArgumentException($"{source.Length} bytes of {type} do not hold {target.Length} elements", nameof(source));
        switch (type)
        {
            case WeightType.F32: MemoryMarshal.Cast<byte, float>(source).CopyTo(target); break;
            case WeightType.F16: PlainFormats.FromHalf(MemoryMarshal.Cast<byte, ushort>(source), target); break;
            case WeightType.BF16: PlainFormats.FromBrainFloat(MemoryMarshal.Cast<byte, ushort>(source), target); break;
            case WeightType.F64: Convert(MemoryMarshal.Cast<byte, double>(source), target, v => (float)v); break;
            case WeightType.I64: Convert(MemoryMarshal.Cast<byte, long>(source), target, v => v); break;
            case WeightType.I32: Convert(MemoryMarshal.Cast<byte, int>(source), target, v => v); break;
            case WeightType.I16: Convert(MemoryMarshal.Cast<byte, short>(source), target, v => v); break;
            case WeightType.I8: Convert(MemoryMarshal.Cast<byte, sbyte>(source), target, v => v); break;
            case WeightType.U64: Convert(MemoryMarshal.Cast<byte, ulong>(source), target, v => v); break;
            case WeightType.U32: Convert(MemoryMarshal.Cast<byte, uint>(source), target, v => v); break;
            case WeightType.U16: Convert(MemoryMarshal.Cast<byte, ushort>(source), target, v => v); break;
            case WeightType.U8: Convert(source, target, v => v); break;
            case WeightType.Bool: Convert(source, target, v => v != 0 ? 1f : 0f); break;
            case WeightType.F8_E4M3: Convert(source, target, PlainFormats.E4M3ToSingle); break;
            case WeightType.F8_E5M2: Convert(source, target, PlainFormats.E5M2ToSingle); break;
            default: BlockFormats.Dequantize(type, source, target); break;
        }
    }

    /// <summary>Converts fp32 to stored numbers, rounding to nearest (ties to even) or quantising.</summary>
    /// <param name="type">F64, F32, F16, BF16 or a block type that <see cref="BlockFormats.CanQuantize"/> names.</param>
    /// <param name="source">[elements] values, whole blocks.</param>
    /// <param name="target">As many bytes as that takes.</param>
    /// <exception cref="HoneException">The type cannot be written from fp32.</exception>
    /// <exception cref="ArgumentException">Sizes do not fit each other.</exception>
    public static void FromSingle(WeightType type, ReadOnlySpan<float> source, Span<byte> target)
    {
        if (WeightTypes.BytesOf(type, source.Length) != target.Length)
            throw new ArgumentException($"{target.Length} bytes of {type} do not hold {source.Length} elements", nameof(target));
        switch (type)
        {
            case WeightType.F32: MemoryMarshal.AsBytes(source).CopyTo(target); break;
            case WeightType.F64: Convert(source, MemoryMarshal.Cast<byte, double>(target), v => v); break;
            case WeightType.F16: Convert(source, MemoryMarshal.Cast<byte, ushort>(target), PlainFormats.SingleToHalf); break;
            case WeightType.BF16: Convert(source, MemoryMarshal.Cast<byte, ushort>(target), PlainFormats.SingleToBrainFloat); break;
            default: BlockFormats.Quantize(type, source, target); break;
        }
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> source, Span<TTo> target, Func<TFrom, TTo> convert)
    {
        for (int i = 0; i < target.Length; i++) target[i] = convert(source[i]);
    }
}

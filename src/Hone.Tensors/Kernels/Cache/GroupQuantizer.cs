using System.Numerics.Tensors;
using Hone.Core;

namespace Hone.Tensors.Kernels.Cache;

/// <summary>
/// Numbers of a group as whole numbers from 0 to 2^b - 1 between their smallest and largest: x ≈ code · scale + low, so that no number
/// is off by more than half a scale. Rounds half to even. A group of equal numbers has scale 1, codes 0 and comes back exactly.
/// </summary>
public static class GroupQuantizer
{
    /// <summary>Scale and lowest value of a group.</summary>
    /// <param name="group">At least one number.</param>
    /// <param name="bits">1 to 8.</param>
    /// <exception cref="HoneException">A number is not finite.</exception>
    public static (float Scale, float Low) Range(ReadOnlySpan<float> group, int bits)
    {
        float low = TensorPrimitives.Min(group), high = TensorPrimitives.Max(group);
        if (!float.IsFinite(low) || !float.IsFinite(high))
            throw new HoneException($"a key or value is {(float.IsFinite(low) ? high : low)}, which cannot be rounded to {bits} bits. The model's activations are broken for this input.");
        float scale = (high - low) / ((1 << bits) - 1);
        return (scale > 0 ? scale : 1, low);
    }

    /// <summary>Codes of a group for a scale and lowest value, which may have been rounded since.</summary>
    public static void Encode(ReadOnlySpan<float> group, int bits, float scale, float low, Span<byte> codes)
    {
        int top = (1 << bits) - 1;
        for (int i = 0; i < group.Length; i++) codes[i] = (byte)Math.Clamp(MathF.Round((group[i] - low) / scale, MidpointRounding.ToEven), 0, top);
    }

    /// <summary>code · scale + low.</summary>
    public static void Decode(ReadOnlySpan<byte> codes, float scale, float low, Span<float> group)
    {
        for (int i = 0; i < group.Length; i++) group[i] = codes[i] * scale + low;
    }

    /// <summary>Symmetric form without a lowest value: scale = max|x| / (2^(b-1) - 1), codes from -2^(b-1) + 1.</summary>
    /// <returns>The scale.</returns>
    /// <exception cref="HoneException">A number is not finite.</exception>
    public static float EncodeSymmetric(ReadOnlySpan<float> group, int bits, Span<sbyte> codes)
    {
        Range(group, bits);
        int top = (1 << (bits - 1)) - 1;
        float scale = TensorPrimitives.MaxMagnitude(group);
        scale = scale == 0 ? 1 : MathF.Abs(scale) / top;
        for (int i = 0; i < group.Length; i++) codes[i] = (sbyte)Math.Clamp(MathF.Round(group[i] / scale, MidpointRounding.ToEven), -top, top);
        return scale;
    }
}

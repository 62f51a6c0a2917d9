using Hone.Tensors.Kernels.Cache;

namespace Hone.Inference.Caches;

/// <summary>How scales and lowest values are held.</summary>
public enum ScalePrecision
{
    /// <summary>Two bytes each; a group beyond their range is an error that says so.</summary>
    Half,

    /// <summary>Four bytes each.</summary>
    Single,
}

/// <summary>Scales and lowest values of groups, in the order the groups were made.</summary>
internal sealed unsafe class ScaleList(ScalePrecision precision)
{
    private const int LeastGroups = 16;

    private ushort[] halfScales = [], halfLows = [];
    private float[] scales = [], lows = [];
    private int count;

    private bool IsHalf => precision == ScalePrecision.Half;

    public long Bytes => count * (IsHalf ? 4L : 8L);

    public long AllocatedBytes => 2L * (halfScales.Length + halfLows.Length) + 4L * (scales.Length + lows.Length);

    /// <summary>Adds a group's scale and lowest value and gives them as they will be read back, for codes that suit them.</summary>
    /// <exception cref="HoneException">Beyond half precision.</exception>
    public (float Scale, float Low) Add(float scale, float low)
    {
        if (count == Math.Max(scales.Length, halfScales.Length)) Resize(Math.Max(LeastGroups, count + count / 8));
        if (!IsHalf)
        {
            (scales[count], lows[count++]) = (scale, low);
            return (scale, low);
        }
        if (Math.Abs(low) > 65504 || scale > 65504) throw new HoneException($"a group of keys or values begins at {low} in steps of {scale}, beyond what 16-bit scales hold (65504). Use scales=single.");
        // A scale that would vanish stands for numbers that are all but equal: the smallest half then rounds them to the lowest.
        Half half = (Half)scale == (Half)0 ? Half.Epsilon : (Half)scale;
        (halfScales[count], halfLows[count++]) = (BitConverter.HalfToUInt16Bits(half), BitConverter.HalfToUInt16Bits((Half)low));
        return ((float)half, (float)(Half)low);
    }

    /// <summary>Scale and lowest value of a group.</summary>
    public (float Scale, float Low) this[int group] => IsHalf
        ? ((float)BitConverter.UInt16BitsToHalf(halfScales[group]), (float)BitConverter.UInt16BitsToHalf(halfLows[group]))
        : (scales[group], lows[group]);

    /// <summary>Scales and lowest values of consecutive groups.</summary>
    public void Read(int first, int groups, float* toScales, float* toLows)
    {
        if (IsHalf)
        {
            fixed (ushort* s = halfScales, l = halfLows)
            {
                HalfRows.ToSingle(s + first, groups, toScales);
                HalfRows.ToSingle(l + first, groups, toLows);
            }
            return;
        }
        scales.AsSpan(first, groups).CopyTo(new Span<float>(toScales, groups));
        lows.AsSpan(first, groups).CopyTo(new Span<float>(toLows, groups));
    }

    /// <summary>Keeps the groups of some rows, ascending.</summary>
    public void Keep(ReadOnlySpan<int> rows, int groupsPerRow)
    {
        if (IsHalf)
        {
            Gather(halfScales, rows, groupsPerRow);
            Gather(halfLows, rows, groupsPerRow);
        }
        else
        {
            Gather(scales, rows, groupsPerRow);
            Gather(lows, rows, groupsPerRow);
        }
        count = rows.Length * groupsPerRow;
        Resize(count);
    }

    public ScaleList Fork()
    {
        ScaleList fork = new(precision) { count = count };
        (fork.halfScales, fork.halfLows, fork.scales, fork.lows) = ([.. halfScales], [.. halfLows], [.. scales], [.. lows]);
        return fork;
    }

    private static void Gather<T>(T[] groups, ReadOnlySpan<int> rows, int width)
    {
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] != i) groups.AsSpan(rows[i] * width, width).CopyTo(groups.AsSpan(i * width));
    }

    private void Resize(int groups)
    {
        if (IsHalf)
        {
            Array.Resize(ref halfScales, groups);
            Array.Resize(ref halfLows, groups);
        }
        else
        {
            Array.Resize(ref scales, groups);
            Array.Resize(ref lows, groups);
        }
    }
}

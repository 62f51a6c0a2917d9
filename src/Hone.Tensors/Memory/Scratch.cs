namespace Hone.Tensors.Memory;

/// <summary>
/// Working memory of kernels: a few buffers per thread that grow to the largest size asked for and stay. What a slot held
/// before is lost; two kernels that run nested on one thread use different slots.
/// </summary>
internal static unsafe class Scratch
{
    [ThreadStatic]
    private static NativeBuffer?[]? buffers;

    /// <summary>At least <paramref name="count"/> uninitialised floats, 64-byte aligned, valid until this thread asks for the slot again.</summary>
    public static float* Floats(ScratchSlot slot, long count)
    {
        NativeBuffer?[] own = buffers ??= new NativeBuffer?[Enum.GetValues<ScratchSlot>().Length];
        NativeBuffer? buffer = own[(int)slot];
        if (buffer is null || buffer.Capacity < count)
        {
            buffer?.Dispose();
            own[(int)slot] = buffer = new NativeBuffer(checked((int)count));
        }
        return buffer.Pointer;
    }

    /// <summary>Like <see cref="Floats"/>, counted in bytes.</summary>
    public static byte* Bytes(ScratchSlot slot, long count) => (byte*)Floats(slot, (count + 3) / 4);
}

/// <summary>Who uses a piece of scratch memory.</summary>
internal enum ScratchSlot
{
    /// <summary>Left factor of a matrix product, packed.</summary>
    PackedA,

    /// <summary>Right factor of a matrix product, packed.</summary>
    PackedB,

    /// <summary>One tile of a result that reaches over the edge.</summary>
    EdgeTile,

    /// <summary>A small factor or result, transposed.</summary>
    Transposed,

    /// <summary>Activations rounded to int8.</summary>
    QuantizedRows,

    /// <summary>Weights expanded to fp32, one block of rows at a time.</summary>
    Dequantized,

    /// <summary>Scores of attention.</summary>
    Scores,

    /// <summary>Running sums of attention.</summary>
    Attention,

    /// <summary>Cached keys or values written out as numbers.</summary>
    CacheRows,
}

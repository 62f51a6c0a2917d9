namespace Hone.Tensors.Memory;

/// <summary>
/// Floats outside the GC heap, aligned to 64 bytes (a cache line and a 512-bit vector). Freed by <see cref="Dispose"/> or,
/// when forgotten, by the finaliser: correctness never depends on disposal.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private bool condemned;

    public NativeBuffer(int capacity)
    {
        Capacity = capacity;
        Pointer = (float*)AlignedMemory.Allocate((nuint)Bytes);
        GC.AddMemoryPressure(Bytes);
    }

    // A span does not keep its tensor alive: in `tape.Backward(y, weights.Data)` the last reference to the tensor is gone before the
    // numbers are read. So the first finalisation only condemns, and the memory is freed by a collection after that one.
    ~NativeBuffer()
    {
        if (condemned)
        {
            Free();
            return;
        }
        condemned = true;
        GC.ReRegisterForFinalize(this);
    }

    /// <summary>Number of floats.</summary>
    public int Capacity { get; }

    public float* Pointer { get; private set; }

    public long Bytes => (long)Math.Max(Capacity, 16) * sizeof(float);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Pointer == null) return;
        AlignedMemory.Free(Pointer, (nuint)Bytes);
        Pointer = null;
        GC.RemoveMemoryPressure(Bytes);
    }
}

namespace Hone.Tensors.Memory;

/// <summary>
/// Floats outside the GC heap, aligned to 64 bytes (a cache line and a 512-bit vector). Freed by <see cref="Dispose"/> or,
/// when forgotten, by the finaliser: correctness never depends on disposal.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    public NativeBuffer(int capacity)
    {
        Capacity = capacity;
        Pointer = (float*)AlignedMemory.Allocate((nuint)Math.Max(capacity, 16) * sizeof(float));
        GC.AddMemoryPressure(Bytes);
    }

    ~NativeBuffer() => Free();

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
        AlignedMemory.Free(Pointer);
        Pointer = null;
        GC.RemoveMemoryPressure(Bytes);
    }
}

using Hone.Tensors.Memory;

namespace Hone.Tensors.Ops;

/// <summary>Memory that an operation borrows from the tape's pool and gives back when it is done.</summary>
internal readonly unsafe ref struct PooledFloats : IDisposable
{
    private readonly BufferPool pool;
    private readonly NativeBuffer buffer;

    public PooledFloats(Tape tape, int count)
    {
        pool = tape.Memory;
        buffer = pool.Rent(count);
        Pointer = buffer.Pointer;
    }

    /// <summary>Uninitialised floats.</summary>
    public float* Pointer { get; }

    public void Dispose() => pool.Return(buffer);
}

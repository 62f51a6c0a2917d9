using System.Runtime.CompilerServices;
using Hone.Tensors;
using Hone.Tensors.Memory;

namespace Hone.Tests.Tensors.Memory;

/// <summary>Counts collections, so no other test may cause one meanwhile.</summary>
[CollectionDefinition(nameof(NativeBufferTests), DisableParallelization = true)]
[Collection(nameof(NativeBufferTests))]
public sealed class NativeBufferTests
{
    /// <summary>As when a tensor is made, read and forgotten within one expression and a collection comes in between.</summary>
    [Fact]
    public void Numbers_outlive_the_last_reference_to_their_tensor_by_a_collection()
    {
        Span<float> orphan = DataOfForgottenTensor();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Tensor[] others = [.. Enumerable.Range(0, 50).Select(_ => Tensor.Create(4096))]; // would take the memory if it were free
        for (int i = 0; i < orphan.Length; i++) Assert.Equal(i, orphan[i]);
        GC.KeepAlive(others);
    }

    [Fact]
    public void Forgotten_memory_is_freed_in_the_end()
    {
        WeakReference buffer = ForgottenBuffer();
        for (int i = 0; i < 4 && buffer.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.False(buffer.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Span<float> DataOfForgottenTensor() => Tensor.From(4096, [.. Enumerable.Range(0, 4096).Select(i => (float)i)]).Data;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference ForgottenBuffer() => new(new NativeBuffer(4096), trackResurrection: true);
}

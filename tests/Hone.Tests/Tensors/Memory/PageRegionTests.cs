using System.Runtime.InteropServices;
using Hone.Core;
using Hone.Tensors.Memory;

namespace Hone.Tests.Tensors.Memory;

public sealed unsafe class PageRegionTests
{
    private const int Bytes = 1 << 16;

    /// <summary>Against a map of who owns each byte: pieces never overlap, and with all of them back the region is whole again.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Pieces_never_overlap_and_grow_together_again(int seed)
    {
        RandomStream random = new(seed, "test/region");
        byte* memory = (byte*)NativeMemory.AlignedAlloc(Bytes, 64);
        PageRegion region = new(memory, Bytes);
        int[] owner = new int[Bytes];
        List<(nint Piece, int Length, int Id)> taken = [];
        for (int id = 1; id <= 2000; id++)
        {
            if (taken.Count > 0 && random.Next(2) == 0) GiveBack(region, memory, owner, taken, random.Next(taken.Count));
            else Take(region, memory, owner, taken, 64 * (1 + random.Next(100)), id);
        }
        while (taken.Count > 0) GiveBack(region, memory, owner, taken, 0);
        Assert.True(region.IsEmpty);
        Assert.True(region.Take(Bytes) == memory);
        NativeMemory.AlignedFree(memory);
    }

    private static void Take(PageRegion region, byte* memory, int[] owner, List<(nint, int, int)> taken, int length, int id)
    {
        byte* piece = region.Take(length);
        if (piece == null) return;
        Span<int> place = owner.AsSpan((int)(piece - memory), length);
        Assert.True(region.Holds(piece));
        Assert.False(place.ContainsAnyExcept(0));
        place.Fill(id);
        taken.Add(((nint)piece, length, id));
    }

    private static void GiveBack(PageRegion region, byte* memory, int[] owner, List<(nint Piece, int Length, int Id)> taken, int index)
    {
        (nint piece, int length, int id) = taken[index];
        Span<int> place = owner.AsSpan((int)((byte*)piece - memory), length);
        Assert.False(place.ContainsAnyExcept(id));
        place.Clear();
        region.Return((void*)piece, length);
        taken.RemoveAt(index);
    }

    /// <summary>From small blocks to those with pages of their own: numbers of one are not those of another.</summary>
    [Fact]
    public void Blocks_of_all_sizes_keep_their_numbers()
    {
        NativeBuffer[] buffers = [.. Enumerable.Range(0, 60).Select(i => new NativeBuffer(100 << i % 15))];
        for (int i = 0; i < buffers.Length; i++) new Span<float>(buffers[i].Pointer, buffers[i].Capacity).Fill(i);
        for (int i = 0; i < buffers.Length; i += 2) buffers[i].Dispose();
        NativeBuffer[] others = [.. Enumerable.Range(0, 30).Select(i => new NativeBuffer(3000 << i % 10))];
        foreach (NativeBuffer other in others) new Span<float>(other.Pointer, other.Capacity).Fill(-1);
        for (int i = 1; i < buffers.Length; i += 2) Assert.False(new ReadOnlySpan<float>(buffers[i].Pointer, buffers[i].Capacity).ContainsAnyExcept((float)i));
        Assert.All(buffers, buffer => Assert.Equal(0, (nint)buffer.Pointer % 64));
        foreach (NativeBuffer buffer in buffers.Concat(others)) buffer.Dispose();
    }
}

using System.Runtime.InteropServices;
using Hone.Tensors.Kernels.Quantized;

namespace Hone.Tensors.Kernels.MachineCode;

/// <summary>What a panel routine is called with; it changes the fields while it runs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PanelCall
{
    /// <summary>First panel.</summary>
    public byte* Panel;

    /// <summary>[blocks, rows] activations.</summary>
    public ActivationBlock* X;

    /// <summary>Result of the first row.</summary>
    public float* Y;

    /// <summary>Panels, blocks in each, bytes between rows of the result, bytes between panels.</summary>
    public nint Panels, Blocks, RowStride, PanelStride;

    /// <summary>0x0F in every byte.</summary>
    public uint NibbleMask;
}

/// <summary>
/// Assembles the loop over panels for AVX-512 VNNI: the quants of a block of 16 weight rows stay in eight registers while each
/// activation row passes by. Twelve instructions per row and block do 1024 operations.
/// </summary>
internal static class VnniPanelCode
{
    private const int PanelField = 0, XField = 8, YField = 16;
    private const int PanelsField = 24, BlocksField = 32, RowStrideField = 40, PanelStrideField = 48, MaskField = 56;

    // Registers: 0-7 quants, 8-15 sums of the rows, 16-19 products in flight, 20 scales, 21 minima, 22 nibble mask.
    private const int Quants = 0, Sums = 8, Products = 16, InFlight = 4, Scales = 20, Minima = 21, Mask = 22;

    // Each quant load asks for the line this far behind it. On Zen 4 one thread then reads 30 to 34 GB/s; without, 13;
    // with 1 KiB, 20; with 4 KiB, 13.
    private const int PrefetchBytes = 256;

    private const Gpr Call = Gpr.Rdi, Block = Gpr.Rax, XAddress = Gpr.R8, Counter = Gpr.R9, Temporary = Gpr.R11;

    /// <summary>Code for one layout and number of rows (1 to 8).</summary>
    public static byte[] Build(PanelLayout layout, int rows)
    {
        EvexAssembler a = new();
        if (layout.Nibbles) a.Broadcast(Mask, new Mem(Call, MaskField));
        int nextPanel = a.Here;
        a.Load(Block, new Mem(Call, PanelField));
        a.Load(XAddress, new Mem(Call, XField));
        a.Load(Counter, new Mem(Call, BlocksField));
        for (int r = 0; r < rows; r++) a.Clear(Sums + r);
        int nextBlock = a.Here;
        LoadBlock(a, layout);
        for (int r = 0; r < rows; r += InFlight) Rows(a, layout, r, Math.Min(InFlight, rows - r));
        a.Add(Block, layout.BlockBytes);
        a.Add(XAddress, rows * ActivationBlock.Bytes);
        a.Decrement(Counter);
        a.JumpIfNotZero(nextBlock);
        StoreRows(a, rows);
        a.Load(Temporary, new Mem(Call, PanelStrideField));
        a.Add(new Mem(Call, PanelField), Temporary);
        a.Add(new Mem(Call, YField), PanelLayout.Rows * sizeof(float));
        a.Decrement(new Mem(Call, PanelsField));
        a.JumpIfNotZero(nextPanel);
        a.Return();
        return a.ToArray();
    }

    private static void LoadBlock(EvexAssembler a, PanelLayout layout)
    {
        if (layout.HalfScales)
        {
            a.LoadHalves(Scales, new Mem(Block));
            if (layout.HasMinimum) a.LoadHalves(Minima, new Mem(Block, 32));
        }
        else
        {
            a.Load(Scales, new Mem(Block));
            if (layout.HasMinimum) a.Load(Minima, new Mem(Block, 64));
        }
        for (int j = 0; j < layout.QuantBytes / 64; j++)
        {
            int offset = layout.ScaleBytes + 64 * j;
            a.Load(Quants + j, new Mem(Block, offset));
            a.Prefetch(new Mem(Block, offset + PrefetchBytes));
        }
        if (!layout.Nibbles) return;
        for (int j = 0; j < 4; j++)
        {
            a.ShiftRight(Quants + 4 + j, Quants + j, 4);
            a.And(Quants + j, Quants + j, Mask);
            a.And(Quants + 4 + j, Quants + 4 + j, Mask);
        }
    }

    /// <summary>A few rows together, so that no dot product waits for the one before it.</summary>
    private static void Rows(EvexAssembler a, PanelLayout layout, int first, int count)
    {
        for (int r = 0; r < count; r++)
        {
            if (layout.Zero == 0) a.Clear(Products + r);
            else a.Broadcast(Products + r, Field(first + r, layout.Zero == 128 ? ActivationBlock.MinusSum128Offset : ActivationBlock.MinusSum8Offset));
        }
        for (int j = 0; j < 8; j++)
            for (int r = 0; r < count; r++) a.DotBytes(Products + r, Quants + j, Field(first + r, 4 * j));
        for (int r = 0; r < count; r++) a.ToFloat(Products + r, Products + r);
        for (int r = 0; r < count; r++) a.Multiply(Products + r, Products + r, Scales);
        for (int r = 0; r < count; r++)
        {
            a.MultiplyAdd(Sums + first + r, Products + r, Field(first + r, ActivationBlock.ScaleOffset));
            if (layout.HasMinimum) a.MultiplyAdd(Sums + first + r, Minima, Field(first + r, ActivationBlock.ScaledSumOffset));
        }
    }

    private static Mem Field(int row, int offset) => new(XAddress, row * ActivationBlock.Bytes + offset);

    private static void StoreRows(EvexAssembler a, int rows)
    {
        a.Load(Temporary, new Mem(Call, YField));
        for (int r = 0; r < rows; r++)
        {
            a.Store(new Mem(Temporary), Sums + r);
            a.Add(Temporary, new Mem(Call, RowStrideField));
        }
    }
}

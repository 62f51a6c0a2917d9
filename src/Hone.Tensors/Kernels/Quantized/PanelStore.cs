using System.Numerics.Tensors;
using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>Weights in panels for int8 dot products.</summary>
internal sealed unsafe class PanelStore : WeightStore
{
    // Weights that stay in the second-level cache while all groups of rows pass by.
    private const long ChunkBytes = 256 * 1024;

    private readonly WeightMemory memory;
    private readonly PanelLayout layout;
    private readonly int outputs, width, blocks, panels;
    private readonly long panelBytes;

    public PanelStore(QuantType type, int outputs, int width, ReadOnlySpan<byte> data)
    {
        (layout, this.outputs, this.width) = (PanelLayout.For(type)!.Value, outputs, width);
        (blocks, panels) = (width / PanelLayout.Block, (outputs + PanelLayout.Rows - 1) / PanelLayout.Rows);
        panelBytes = layout.PanelBytes(blocks);
        memory = WeightMemory.Rent(panelBytes * panels);
        long rowBytes = type.RowBytes(width);
        for (int p = 0; p < panels; p++)
        {
            int rows = Math.Min(PanelLayout.Rows, outputs - p * PanelLayout.Rows);
            new Span<byte>(Panel(p), (int)panelBytes).Clear();
            PanelPacker.Pack(type, data.Slice((int)(p * PanelLayout.Rows * rowBytes), (int)(rows * rowBytes)), width, Panel(p));
        }
    }

    public override long Bytes => memory.Bytes;

    private byte* Panel(int index) => memory.Pointer + index * panelBytes;

    public override void Multiply(WorkerPool workers, float* x, int rows, float* y, float* bias, bool precise)
    {
        MultiplyJob multiply = new(this, Quantize(workers, x, rows, precise), y, bias);
        workers.For(panels, 1, ref multiply);
    }

    /// <summary>Several matrices with the same inputs: x is rounded once and the workers are called once.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="stores">Matrices of the same width.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="y">Results, one per matrix.</param>
    /// <param name="biases">Biases, one per matrix, or 0.</param>
    /// <param name="precise">x with 16 bits instead of 8.</param>
    public static void MultiplyAll(WorkerPool workers, ReadOnlySpan<PanelStore> stores, float* x, int rows, ReadOnlySpan<nint> y, ReadOnlySpan<nint> biases, bool precise)
    {
        MultiplyAllJob multiply = new(stores, stores[0].Quantize(workers, x, rows, precise), y, biases);
        int panels = 0;
        foreach (PanelStore store in stores) panels += store.panels;
        workers.For(panels, 1, ref multiply);
    }

    /// <summary>Rounded inputs: int8 rows, in pairs whose results are added where each input row became two.</summary>
    private readonly record struct Rounded(nint Blocks, int Rows, bool Pairs)
    {
        public ActivationBlock* Group(int first, int width) => ActivationQuantizer.Group((ActivationBlock*)Blocks, first, width);
    }

    private readonly ref struct MultiplyAllJob(ReadOnlySpan<PanelStore> stores, Rounded x, ReadOnlySpan<nint> y, ReadOnlySpan<nint> biases) : IRangeJob
    {
        private readonly ReadOnlySpan<PanelStore> stores = stores;
        private readonly ReadOnlySpan<nint> y = y, biases = biases;

        public void Run(int worker, int start, int end)
        {
            int first = 0;
            for (int i = 0; i < stores.Length && first < end; first += stores[i++].panels)
            {
                int from = Math.Max(start - first, 0), to = Math.Min(end - first, stores[i].panels);
                if (from < to) stores[i].MultiplyPanels(x, (float*)y[i], (float*)biases[i], from, to);
            }
        }
    }

    private Rounded Quantize(WorkerPool workers, float* x, int rows, bool precise)
    {
        if (precise) rows *= 2;
        ActivationBlock* quantized = (ActivationBlock*)Scratch.Bytes(ScratchSlot.QuantizedRows, ActivationQuantizer.Bytes(rows, width));
        QuantizeJob quantize = new(x, rows, width, quantized, precise);
        if (rows <= ActivationQuantizer.GroupRows) quantize.Run(0, 0, rows);
        else workers.For(rows, ActivationQuantizer.GroupRows, ref quantize);
        return new((nint)quantized, rows, precise);
    }

    private readonly struct QuantizeJob(float* x, int rows, int width, ActivationBlock* target, bool pairs) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i += ActivationQuantizer.GroupRows)
            {
                int count = Math.Min(ActivationQuantizer.GroupRows, rows - i);
                if (pairs) ActivationQuantizer.QuantizePairs(x, i, count, width, target);
                else ActivationQuantizer.QuantizeGroup(x, i, count, width, target);
            }
        }
    }

    private readonly struct MultiplyJob(PanelStore store, Rounded x, float* y, float* bias) : IRangeJob
    {
        public void Run(int worker, int start, int end) => store.MultiplyPanels(x, y, bias, start, end);
    }

    private void MultiplyPanels(in Rounded x, float* y, float* bias, int start, int end)
    {
        int chunk = (int)Math.Max(1, ChunkBytes / panelBytes);
        for (int p = start; p < end; p += chunk)
        {
            int count = Math.Min(chunk, end - p), first = p * PanelLayout.Rows, valid = Math.Min(count * PanelLayout.Rows, outputs - first);
            for (int i = 0; i < x.Rows; i += ActivationQuantizer.GroupRows)
            {
                int group = Math.Min(ActivationQuantizer.GroupRows, x.Rows - i);
                float* to = y + (nint)(x.Pairs ? i / 2 : i) * outputs + first;
                if (x.Pairs) Pairs(p, count, x.Group(i, width), group, to, valid);
                else Group(p, count, x.Group(i, width), group, to, valid);
                if (bias != null) AddBias(bias + first, to, x.Pairs ? group / 2 : group, outputs, valid);
            }
        }
    }

    /// <summary>A group of rows times some panels, of which the last may reach beyond the matrix.</summary>
    private void Group(int panel, int count, ActivationBlock* x, int rows, float* y, int valid)
    {
        int whole = valid / PanelLayout.Rows;
        if (whole > 0) PanelKernel.Run(layout, Panel(panel), whole, blocks, x, rows, y, outputs);
        if (whole == count) return;
        float* tile = stackalloc float[ActivationQuantizer.GroupRows * PanelLayout.Rows];
        PanelKernel.Run(layout, Panel(panel + whole), 1, blocks, x, rows, tile, PanelLayout.Rows);
        int done = whole * PanelLayout.Rows;
        for (int r = 0; r < rows; r++)
            new ReadOnlySpan<float>(tile + r * PanelLayout.Rows, valid - done).CopyTo(new Span<float>(y + (nint)r * outputs + done, valid - done));
    }

    /// <summary>The same for pairs of rows, whose results are added.</summary>
    private void Pairs(int panel, int count, ActivationBlock* x, int rows, float* y, int valid)
    {
        int wide = count * PanelLayout.Rows;
        float* tile = Scratch.Floats(ScratchSlot.Transposed, (long)rows * wide);
        PanelKernel.Run(layout, Panel(panel), count, blocks, x, rows, tile, wide);
        for (int r = 0; r < rows; r += 2)
            TensorPrimitives.Add(new ReadOnlySpan<float>(tile + (nint)r * wide, valid), new ReadOnlySpan<float>(tile + (nint)(r + 1) * wide, valid), new Span<float>(y + (nint)r / 2 * outputs, valid));
    }

    public override void DequantizeTransposed(int row, int rows, int column, int columns, float* target, int ld)
    {
        int b0 = column / PanelLayout.Block, b1 = (column + columns) / PanelLayout.Block;
        for (int r = 0; r < rows; r += PanelLayout.Rows)
            PanelDequantizer.Transposed(layout, Panel((row + r) / PanelLayout.Rows), b0, b1, target + r, ld);
    }

    public override void DequantizeRow(int row, float* target) =>
        PanelDequantizer.Row(layout, Panel(row / PanelLayout.Rows), blocks, row % PanelLayout.Rows, target);

    public override void Dispose() => memory.Dispose();
}

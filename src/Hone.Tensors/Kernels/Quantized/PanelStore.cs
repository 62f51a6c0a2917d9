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

    public override void Multiply(WorkerPool workers, float* x, int rows, float* y)
    {
        MultiplyJob multiply = new(this, Quantize(workers, x, rows), rows, y);
        workers.For(panels, 1, ref multiply);
    }

    /// <summary>Several matrices with the same inputs: x is rounded once and the workers are called once.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="stores">Matrices of the same width.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="y">Results, one per matrix.</param>
    public static void MultiplyAll(WorkerPool workers, ReadOnlySpan<PanelStore> stores, float* x, int rows, ReadOnlySpan<nint> y)
    {
        ActivationBlock* quantized = stores[0].Quantize(workers, x, rows);
        MultiplyAllJob multiply = new(stores, quantized, rows, y);
        int panels = 0;
        foreach (PanelStore store in stores) panels += store.panels;
        workers.For(panels, 1, ref multiply);
    }

    private readonly ref struct MultiplyAllJob(ReadOnlySpan<PanelStore> stores, ActivationBlock* x, int rows, ReadOnlySpan<nint> y) : IRangeJob
    {
        private readonly ReadOnlySpan<PanelStore> stores = stores;
        private readonly ReadOnlySpan<nint> y = y;

        public void Run(int worker, int start, int end)
        {
            int first = 0;
            for (int i = 0; i < stores.Length && first < end; first += stores[i++].panels)
            {
                int from = Math.Max(start - first, 0), to = Math.Min(end - first, stores[i].panels);
                if (from < to) stores[i].MultiplyPanels(x, rows, (float*)y[i], from, to);
            }
        }
    }

    private ActivationBlock* Quantize(WorkerPool workers, float* x, int rows)
    {
        ActivationBlock* quantized = (ActivationBlock*)Scratch.Bytes(ScratchSlot.QuantizedRows, ActivationQuantizer.Bytes(rows, width));
        QuantizeJob quantize = new(x, rows, width, quantized);
        if (rows <= ActivationQuantizer.GroupRows) quantize.Run(0, 0, rows);
        else workers.For(rows, ActivationQuantizer.GroupRows, ref quantize);
        return quantized;
    }

    private readonly struct QuantizeJob(float* x, int rows, int width, ActivationBlock* target) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i += ActivationQuantizer.GroupRows)
                ActivationQuantizer.QuantizeGroup(x, i, Math.Min(ActivationQuantizer.GroupRows, rows - i), width, target);
        }
    }

    private readonly struct MultiplyJob(PanelStore store, ActivationBlock* x, int rows, float* y) : IRangeJob
    {
        public void Run(int worker, int start, int end) => store.MultiplyPanels(x, rows, y, start, end);
    }

    private void MultiplyPanels(ActivationBlock* x, int rows, float* y, int start, int end)
    {
        int chunk = (int)Math.Max(1, ChunkBytes / panelBytes);
        for (int p = start; p < end; p += chunk)
        {
            int count = Math.Min(chunk, end - p);
            bool edge = (p + count) * PanelLayout.Rows > outputs;
            for (int i = 0; i < rows; i += ActivationQuantizer.GroupRows)
            {
                int group = Math.Min(ActivationQuantizer.GroupRows, rows - i), whole = edge ? count - 1 : count;
                ActivationBlock* from = ActivationQuantizer.Group(x, i, width);
                float* to = y + (nint)i * outputs + p * PanelLayout.Rows;
                if (whole > 0) PanelKernel.Run(layout, Panel(p), whole, blocks, from, group, to, outputs);
                if (edge) EdgePanel(p + whole, from, group, to + whole * PanelLayout.Rows);
            }
        }
    }

    /// <summary>The last panel where the rows of the matrix do not fill it.</summary>
    private void EdgePanel(int panel, ActivationBlock* x, int rows, float* y)
    {
        float* tile = stackalloc float[ActivationQuantizer.GroupRows * PanelLayout.Rows];
        PanelKernel.Run(layout, Panel(panel), 1, blocks, x, rows, tile, PanelLayout.Rows);
        int valid = outputs - panel * PanelLayout.Rows;
        for (int r = 0; r < rows; r++)
            new ReadOnlySpan<float>(tile + r * PanelLayout.Rows, valid).CopyTo(new Span<float>(y + (nint)r * outputs, valid));
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

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

    /// <summary>Panels of 16 rows.</summary>
    public int Panels => panels;

    /// <summary>The bytes from a panel to the end.</summary>
    public (nint Start, long Bytes) From(int panel) => ((nint)Panel(panel), (panels - panel) * panelBytes);

    private byte* Panel(int index) => memory.Pointer + index * panelBytes;

    public override void Multiply(WorkerPool workers, float* x, int rows, float* y, float* bias, bool precise)
    {
        if (precise && rows > QuantizedMatrix.MostPreciseRows)
        {
            ExactProducts.Forward(workers, this, outputs, width, x, rows, y);
            AddBias(bias, y, rows, outputs, outputs);
            return;
        }
        MultiplyJob multiply = new(this, Quantize(workers, x, rows, precise), y, bias);
        workers.ForShared(panels, SharedPanels(panels, workers.Threads), ref multiply);
    }

    /// <summary>Panels that a thread takes at once: some chunks for each, so that both end at the same time, of at most what stays in the cache.</summary>
    private int SharedPanels(int all, int threads) => (int)Math.Clamp(all / (8 * threads), 1, Math.Max(1, ChunkBytes / panelBytes));

    /// <summary>Several matrices with the same inputs: x is rounded once and the workers are called once.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="stores">Matrices of the same width.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="y">Results, one per matrix.</param>
    /// <param name="biases">Biases, one per matrix, or 0.</param>
    /// <param name="precise">x with all its bits instead of 8.</param>
    public static void MultiplyAll(WorkerPool workers, ReadOnlySpan<PanelStore> stores, float* x, int rows, ReadOnlySpan<nint> y, ReadOnlySpan<nint> biases, bool precise)
    {
        if (precise && rows > QuantizedMatrix.MostPreciseRows)
        {
            for (int i = 0; i < stores.Length; i++) stores[i].Multiply(workers, x, rows, (float*)y[i], (float*)biases[i], true);
            return;
        }
        MultiplyAllJob multiply = new(stores, stores[0].Quantize(workers, x, rows, precise), y, biases);
        int panels = 0;
        foreach (PanelStore store in stores) panels += store.panels;
        workers.ForShared(panels, stores[0].SharedPanels(panels, workers.Threads), ref multiply);
    }

    private readonly ref struct MultiplyAllJob(ReadOnlySpan<PanelStore> stores, RoundedRows x, ReadOnlySpan<nint> y, ReadOnlySpan<nint> biases) : IRangeJob
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

    private RoundedRows Quantize(WorkerPool workers, float* x, int rows, bool precise)
    {
        RoundedRows rounded = new(Scratch.Bytes(ScratchSlot.QuantizedRows, RoundedRows.Bytes(rows, width, precise)), rows, width, precise);
        RoundJob round = new(x, width, rounded);
        workers.For(rows, RoundTogether, ref round);
        return rounded;
    }

    // Rows that a thread rounds in less time than it takes to call another one.
    private const int RoundTogether = 4;

    private readonly struct RoundJob(float* x, int width, RoundedRows target) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int r = start; r < end; r++) target.Round(r, x + (nint)r * width);
        }
    }

    private readonly struct MultiplyJob(PanelStore store, RoundedRows x, float* y, float* bias) : IRangeJob
    {
        public void Run(int worker, int start, int end) => store.MultiplyPanels(x, y, bias, start, end);
    }

    /// <summary>Some panels times all rows of x.</summary>
    /// <param name="x">Inputs.</param>
    /// <param name="y">[rows, outputs], of which the columns of these panels are written.</param>
    /// <param name="bias">[outputs] added to every row, or null.</param>
    /// <param name="start">First panel.</param>
    /// <param name="end">One past the last.</param>
    public void MultiplyPanels(in RoundedRows x, float* y, float* bias, int start, int end)
    {
        int chunk = (int)Math.Max(1, ChunkBytes / panelBytes);
        for (int p = start; p < end; p += chunk)
        {
            int count = Math.Min(chunk, end - p), first = p * PanelLayout.Rows, valid = Math.Min(count * PanelLayout.Rows, outputs - first);
            for (int i = 0; i < x.Int8Rows; i += x.GroupRows)
            {
                int group = Math.Min(x.GroupRows, x.Int8Rows - i);
                float* to = y + (nint)(i / x.Parts) * outputs + first;
                if (x.IsPrecise) Parts(p, count, x.Group(i), group, to, valid);
                else Group(p, count, x.Group(i), group, to, valid);
                if (bias != null) AddBias(bias + first, to, group / x.Parts, outputs, valid);
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

    /// <summary>The same for rows of which three belong together: their results are added, the smallest first.</summary>
    private void Parts(int panel, int count, ActivationBlock* x, int rows, float* y, int valid)
    {
        int wide = count * PanelLayout.Rows;
        float* tile = Scratch.Floats(ScratchSlot.Transposed, (long)rows * wide);
        PanelKernel.Run(layout, Panel(panel), count, blocks, x, rows, tile, wide);
        for (int r = 0; r < rows; r += ActivationQuantizer.Parts)
        {
            ReadOnlySpan<float> large = new(tile + (nint)r * wide, valid), middle = new(tile + (nint)(r + 1) * wide, valid), small = new(tile + (nint)(r + 2) * wide, valid);
            Span<float> sum = new(y + (nint)(r / ActivationQuantizer.Parts) * outputs, valid);
            TensorPrimitives.Add(small, middle, sum);
            TensorPrimitives.Add(sum, large, sum);
        }
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

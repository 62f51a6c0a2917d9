using Hone.Tensors.Kernels.Quantized;
using Hone.Tensors.Threads;

namespace Hone.Tensors;

/// <summary>
/// A frozen weight matrix [outputs, width] in few bits, repacked once at load for the multiplications below and never expanded
/// as a whole. Multiplications of one matrix may run on several threads at once; each uses all workers of its pool.
/// </summary>
public sealed unsafe class QuantizedMatrix : IDisposable
{
    private readonly WeightStore store;

    /// <param name="type">How <paramref name="data"/> is encoded.</param>
    /// <param name="outputs">Rows: outputs of the layer.</param>
    /// <param name="width">Columns: inputs of the layer; a multiple of the type's block size.</param>
    /// <param name="data">Rows one after the other, as in a GGUF file; at least the bytes that the sizes imply.</param>
    /// <exception cref="ArgumentException">Sizes and data do not fit each other.</exception>
    public QuantizedMatrix(QuantType type, int outputs, int width, ReadOnlySpan<byte> data)
    {
        if (outputs < 1 || width < 1) throw new ArgumentException($"a quantised matrix of [{outputs}, {width}]");
        long bytes = type.RowBytes(width) * outputs;
        if (data.Length < bytes) throw new ArgumentException($"{type} [{outputs}, {width}]: {bytes} bytes needed, {data.Length} given");
        (Type, Outputs, Width) = (type, outputs, width);
        store = PanelLayout.For(type) is null ? new RowStore(type, outputs, width, data) : new PanelStore(type, outputs, width, data);
    }

    /// <summary>How the weights were stored.</summary>
    public QuantType Type { get; }

    /// <summary>Rows.</summary>
    public int Outputs { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>
    /// Whether inputs that <see cref="Multiply"/> rounds keep the 24 bits of fp32 instead of 8, at three times the arithmetic. With one row,
    /// where reading the weights takes longest, that is nearly free; many rows are multiplied in fp32.
    /// </summary>
    public bool IsPrecise { get; init; }

    /// <summary>With more rows, expanding the weights and multiplying in fp32 takes less time than three integer products for each.</summary>
    public const int MostPreciseRows = 32;

    /// <summary>Whether <see cref="Multiply"/> rounds its input to int8 and multiplies integers.</summary>
    public bool MultipliesIntegers => PanelLayout.For(Type) is not null;

    /// <summary>Bytes of memory held.</summary>
    public long Bytes => store.Bytes;

    /// <summary>
    /// y = x · Wᵀ. Types of blocks with at most 8 bits round x to int8, one scale for 32 numbers, and multiply integers: fast, with
    /// errors of about 0.5 % of a typical output (far smaller ones if <see cref="IsPrecise"/>). F16, BF16 and Q6_K multiply as <see cref="MultiplyExact"/> does.
    /// </summary>
    /// <param name="workers">Threads.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">At least 1. One row of result does not depend on the others.</param>
    /// <param name="y">[rows, outputs], overwritten.</param>
    /// <param name="bias">[outputs] added to every row, or null.</param>
    public void Multiply(WorkerPool workers, float* x, int rows, float* y, float* bias = null) => store.Multiply(workers, x, rows, y, bias, IsPrecise);

    /// <summary>
    /// <see cref="Multiply"/> of several matrices with the same x, such as query, key and value
    /// projections: x is rounded once and the threads are called once, which counts when there is one row.
    /// </summary>
    /// <param name="workers">Threads.</param>
    /// <param name="matrices">1 to 4 matrices of one width and precision.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="y">Addresses of the results, [rows, outputs] each.</param>
    /// <param name="biases">Addresses of the biases, [outputs] each or 0; left out for none.</param>
    /// <exception cref="ArgumentException">Widths or counts do not fit.</exception>
    public static void MultiplyAll(WorkerPool workers, ReadOnlySpan<QuantizedMatrix> matrices, float* x, int rows, ReadOnlySpan<nint> y, ReadOnlySpan<nint> biases = default)
    {
        if (matrices.Length != y.Length || matrices.Length is < 1 or > 4) throw new ArgumentException($"{matrices.Length} matrices, {y.Length} results");
        Span<nint> none = stackalloc nint[4];
        none.Clear();
        scoped ReadOnlySpan<nint> added = biases.IsEmpty ? none : biases;
        StoreBuffer buffer = default;
        Span<PanelStore> stores = buffer;
        bool panels = true;
        for (int i = 0; i < matrices.Length; i++)
        {
            if (matrices[i].Width != matrices[0].Width) throw new ArgumentException($"matrices of width {matrices[0].Width} and {matrices[i].Width}");
            if (matrices[i].store is PanelStore store && matrices[i].IsPrecise == matrices[0].IsPrecise) stores[i] = store;
            else panels = false;
        }
        if (panels) PanelStore.MultiplyAll(workers, stores[..matrices.Length], x, rows, y, added, matrices[0].IsPrecise);
        else for (int i = 0; i < matrices.Length; i++) matrices[i].Multiply(workers, x, rows, (float*)y[i], (float*)added[i]);
    }

    [System.Runtime.CompilerServices.InlineArray(4)]
    private struct StoreBuffer
    {
        private PanelStore first;
    }

    /// <summary>Rows of a panel; the last panel may have fewer.</summary>
    public const int PanelRows = PanelLayout.Rows;

    /// <summary>Panels of <see cref="PanelRows"/> rows that <see cref="MultiplyPanels"/> counts in; 0 where the type is not multiplied as integers.</summary>
    public int Panels => store is PanelStore panels ? panels.Panels : 0;

    /// <summary>Part of <see cref="Multiply"/> on the calling thread: some panels, with an input that was rounded before.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="start">First panel.</param>
    /// <param name="end">One past the last, at most <see cref="Panels"/>.</param>
    /// <param name="y">[rows, outputs], of which columns <see cref="PanelRows"/> · start to <see cref="PanelRows"/> · end are overwritten.</param>
    /// <param name="bias">[outputs] added to every row, or null.</param>
    public void MultiplyPanels(in RoundedRows x, int start, int end, float* y, float* bias = null) => ((PanelStore)store).MultiplyPanels(x, y, bias, start, end);

    /// <summary>Memory from a panel to the end.</summary>
    /// <param name="panel">0 to <see cref="Panels"/>.</param>
    public (nint Start, long Bytes) PanelMemory(int panel) => ((PanelStore)store).From(panel);

    /// <summary>y = x · Wᵀ in fp32 with exactly the weights that the file defines.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="y">[rows, outputs], overwritten.</param>
    public void MultiplyExact(WorkerPool workers, float* x, int rows, float* y) =>
        ExactProducts.Forward(workers, store, Outputs, Width, x, rows, y);

    /// <summary>dx = dy · W, or dx += dy · W, in fp32: what a frozen layer passes back.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="dy">[rows, outputs].</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="dx">[rows, width].</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> instead of overwriting it.</param>
    public void MultiplyTransposed(WorkerPool workers, float* dy, int rows, float* dx, bool accumulate) =>
        ExactProducts.Backward(workers, store, Outputs, Width, Type.BlockSize(), dy, rows, dx, accumulate);

    /// <summary>The fp32 weights of one row, e.g. a token's embedding.</summary>
    /// <param name="row">0 to outputs - 1.</param>
    /// <param name="target">[width].</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public void DequantizeRow(int row, float* target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Outputs);
        store.DequantizeRow(row, target);
    }

    public void Dispose() => store.Dispose();
}

using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>Weights kept as the file has them, row by row; expanded to fp32 a few rows at a time when they are used.</summary>
internal sealed unsafe class RowStore : WeightStore
{
    private readonly WeightMemory memory;
    private readonly QuantType type;
    private readonly int outputs, width;
    private readonly long rowBytes;

    public RowStore(QuantType type, int outputs, int width, ReadOnlySpan<byte> data)
    {
        (this.type, this.outputs, this.width, rowBytes) = (type, outputs, width, type.RowBytes(width));
        memory = WeightMemory.Rent(rowBytes * outputs);
        data[..checked((int)(rowBytes * outputs))].CopyTo(new Span<byte>(memory.Pointer, data.Length));
    }

    public override long Bytes => memory.Bytes;

    public override void Multiply(WorkerPool workers, float* x, int rows, float* y, float* bias, bool precise)
    {
        if (rows > FewRows)
        {
            ExactProducts.Forward(workers, this, outputs, width, x, rows, y);
        }
        else
        {
            FewRowsJob job = new(this, x, rows, y);
            workers.For(outputs, Group, ref job);
        }
        AddBias(bias, y, rows, outputs, outputs);
    }

    // Up to this many rows, weights go straight from the first-level cache, where a few rows of them are expanded, into sums.
    private const int FewRows = 8, Group = 4;

    private readonly struct FewRowsJob(RowStore store, float* x, int rows, float* y) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            int width = store.width, outputs = store.outputs;
            float* lines = Scratch.Floats(ScratchSlot.Dequantized, (long)Group * width);
            for (int o = start; o < end; o += Group)
            {
                int count = Math.Min(Group, end - o);
                for (int i = 0; i < count; i++) store.Dequantize(o + i, 0, new Span<float>(lines + (nint)i * width, width));
                Gemm.RunSerial(false, true, rows, count, width, x, width, lines, width, y + o, outputs, false);
            }
        }
    }

    public override void DequantizeTransposed(int row, int rows, int column, int columns, float* target, int ld)
    {
        // Sixteen rows at a time: their part of a target row is one cache line.
        float* lines = Scratch.Floats(ScratchSlot.Transposed, 16L * columns);
        for (int r = 0; r < rows; r += 16)
        {
            int valid = Math.Min(16, rows - r);
            for (int i = 0; i < valid; i++) Dequantize(row + r + i, column, new Span<float>(lines + (nint)i * columns, columns));
            PackTransposed(lines, columns, valid, target + r, ld);
        }
    }

    private static void PackTransposed(float* lines, int columns, int valid, float* target, int ld)
    {
        for (int k = 0; k < columns; k++)
            for (int i = 0; i < valid; i++) target[(nint)k * ld + i] = lines[(nint)i * columns + k];
    }

    public override void DequantizeRow(int row, float* target) => Dequantize(row, 0, new Span<float>(target, width));

    /// <summary>Expands part of a row.</summary>
    private void Dequantize(int row, int column, Span<float> target)
    {
        byte* source = memory.Pointer + row * rowBytes + column / type.BlockSize() * type.BlockBytes();
        switch (type)
        {
            case QuantType.F16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(source, target.Length), target);
                break;
            case QuantType.BF16:
                Span<uint> bits = MemoryMarshal.Cast<float, uint>(target);
                for (int k = 0; k < bits.Length; k++) bits[k] = (uint)((ushort*)source)[k] << 16;
                break;
            default:
                for (int super = 0; super < target.Length / 256; super++) SixBit(source + super * 210, target.Slice(super * 256, 256));
                break;
        }
    }

    /// <summary>Q6_K: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 int8 scales, fp16 d; two halves of 128 weights.</summary>
    private static void SixBit(byte* super, Span<float> target)
    {
        float d = (float)*(Half*)(super + 208);
        for (int k = 0; k < 256; k++)
        {
            int half = k / 128, quarter = k % 128 / 32, l = k % 32;
            int low = super[half * 64 + quarter % 2 * 32 + l] >> (quarter / 2 * 4) & 15;
            int high = super[128 + half * 32 + l] >> (2 * quarter) & 3;
            sbyte scale = ((sbyte*)super)[192 + k / 16];
            target[k] = d * scale * ((low | high << 4) - 32);
        }
    }

    public override void Dispose() => memory.Dispose();
}

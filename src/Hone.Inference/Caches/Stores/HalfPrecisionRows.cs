using System.Numerics.Tensors;
using Hone.Tensors.Kernels.Cache;

namespace Hone.Inference.Caches;

/// <summary>Half-precision rows (IEEE fp16), rounded as they come; turned back a block at a time, while it is in the nearest cache.</summary>
internal sealed unsafe class HalfPrecisionRows(int size) : KvRows(size)
{
    private const int BlockRows = 64, LeastRows = 16;

    private ushort[] data = [];
    private int count;

    public override int Count => count;

    public override long Bytes => (long)count * Size * sizeof(ushort);

    public override long AllocatedBytes => (long)data.Length * sizeof(ushort);

    public override void Add(ReadOnlySpan<float> row)
    {
        if ((count + 1) * Size > data.Length) Resize(Math.Max(LeastRows, count + 1 + count / 8));
        Encode(row, data.AsSpan(count++ * Size, Size));
    }

    public override void Read(int first, Span<float> target)
    {
        fixed (ushort* from = data)
        fixed (float* to = target) HalfRows.ToSingle(from + first * Size, target.Length, to);
    }

    public override void Write(ReadOnlySpan<float> rows) => Encode(rows, data.AsSpan(0, count * Size));

    public override void Keep(ReadOnlySpan<int> rows)
    {
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] != i) data.AsSpan(rows[i] * Size, Size).CopyTo(data.AsSpan(i * Size));
        count = rows.Length;
        Resize(count + LeastRows);
    }

    public override void Dot(float* queries, int heads, int first, int rows, float* scores, nint stride)
    {
        float* block = RowKernels.Rows(BlockRows * Size);
        for (int t = 0; t < rows; t += BlockRows)
        {
            int part = Math.Min(BlockRows, rows - t);
            Read(first + t, new Span<float>(block, part * Size));
            RowKernels.Dot(block, part, Size, queries, heads, scores + t, stride);
        }
    }

    public override void Mix(float* weights, nint stride, int heads, int first, int rows, float* output)
    {
        float* block = RowKernels.Rows(BlockRows * Size);
        for (int t = 0; t < rows; t += BlockRows)
        {
            int part = Math.Min(BlockRows, rows - t);
            Read(first + t, new Span<float>(block, part * Size));
            RowKernels.Mix(block, part, Size, weights + t, stride, heads, output);
        }
    }

    public override HalfPrecisionRows Fork() => new(Size) { data = [.. data.AsSpan(0, count * Size)], count = count };

    public override void Dispose() => (data, count) = ([], 0);

    private static void Encode(ReadOnlySpan<float> numbers, Span<ushort> bits)
    {
        if (!(TensorPrimitives.MaxMagnitude(numbers) is var most && Math.Abs(most) <= 65504))
            throw new HoneException($"a key or value is {most}, beyond what 16 bits hold (65504). Use bits=32.");
        TensorPrimitives.ConvertToHalf(numbers, System.Runtime.InteropServices.MemoryMarshal.Cast<ushort, Half>(bits));
    }

    private void Resize(int rows) => Array.Resize(ref data, rows * Size);
}

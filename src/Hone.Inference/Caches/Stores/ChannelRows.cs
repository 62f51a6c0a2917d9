using System.Numerics.Tensors;
using Hone.Tensors.Kernels.Cache;

namespace Hone.Inference.Caches;

/// <summary>
/// Each channel of g consecutive rows shares a scale, because keys have a few channels that are large for all tokens: KIVI's keys
/// (Liu et al. 2024, arXiv:2402.02750). The newest rows are exact until there are R of them; then all R are rounded.
/// </summary>
internal sealed unsafe class ChannelRows(int size, Rounding rounding) : QuantizedRows(size, rounding)
{
    protected override int DueAfterPrompt() => Exact.Count - Exact.Count % Rounding.Residual;

    protected override int DueWhileDecoding() => DueAfterPrompt();

    protected override void Encode(ReadOnlySpan<float> rows, int count, Span<byte> codes)
    {
        int group = Rounding.Group;
        float[] column = new float[group];
        byte[] columnCodes = new byte[group];
        for (int first = 0; first < count; first += group)
            for (int d = 0; d < Size; d++)
            {
                for (int t = 0; t < group; t++) column[t] = rows[(first + t) * Size + d];
                (float scale, float low) = GroupQuantizer.Range(column, Rounding.Bits);
                (scale, low) = Scales[0].Add(scale, low);
                GroupQuantizer.Encode(column, Rounding.Bits, scale, low, columnCodes);
                for (int t = 0; t < group; t++) codes[(first + t) * Size + d] = columnCodes[t];
            }
    }

    protected override void Decode(int row, ReadOnlySpan<byte> codes, Span<float> target)
    {
        int block = row / Rounding.Group * Size;
        for (int d = 0; d < Size; d++)
        {
            (float scale, float low) = Scales[0][block + d];
            target[d] = codes[d] * scale + low;
        }
    }

    protected override void KeepRounded(ReadOnlySpan<int> rows) =>
        throw new InvalidOperationException("rows that share scales by channel cannot be dropped one by one");

    // Within a block, q · (code · s + lo) = (q ∘ s) · code + q · lo: the scales go into the query once for g rows.
    protected override void DotRounded(byte* codes, float* queries, int heads, int first, int count, float* scores, nint stride)
    {
        float* scaled = RowKernels.Rows((long)(heads + 2) * Size), scales = scaled + heads * Size, lows = scales + Size;
        float* constant = stackalloc float[heads];
        for (int t = 0; t < count;)
        {
            int block = (first + t) / Rounding.Group, rows = Math.Min((block + 1) * Rounding.Group - first - t, count - t);
            Scales[0].Read(block * Size, Size, scales, lows);
            for (int h = 0; h < heads; h++)
            {
                ReadOnlySpan<float> query = new(queries + h * Size, Size);
                TensorPrimitives.Multiply(query, new ReadOnlySpan<float>(scales, Size), new Span<float>(scaled + h * Size, Size));
                constant[h] = TensorPrimitives.Dot(query, new ReadOnlySpan<float>(lows, Size));
            }
            new CodeRows(codes + (long)(first + t) * RowBytes, RowBytes, Size, Rounding.Bits).Dot(rows, scaled, Size, heads, scores + t, stride);
            for (int h = 0; h < heads; h++)
            {
                Span<float> part = new(scores + h * stride + t, rows);
                TensorPrimitives.Add(part, constant[h], part);
            }
            t += rows;
        }
    }

    protected override void MixRounded(byte* codes, float* weights, nint stride, int heads, int first, int count, float* output)
    {
        float* mixed = RowKernels.Rows((long)(heads + 2) * Size), scales = mixed + heads * Size, lows = scales + Size;
        for (int t = 0; t < count;)
        {
            int block = (first + t) / Rounding.Group, rows = Math.Min((block + 1) * Rounding.Group - first - t, count - t);
            Scales[0].Read(block * Size, Size, scales, lows);
            new Span<float>(mixed, heads * Size).Clear();
            new CodeRows(codes + (long)(first + t) * RowBytes, RowBytes, Size, Rounding.Bits).Mix(rows, weights + t, stride, heads, mixed, Size);
            for (int h = 0; h < heads; h++)
            {
                float total = TensorPrimitives.Sum(new ReadOnlySpan<float>(weights + h * stride + t, rows));
                Span<float> to = new(output + h * Size, Size), from = new(mixed + h * Size, Size);
                TensorPrimitives.MultiplyAdd(from, new ReadOnlySpan<float>(scales, Size), to, to);
                TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(lows, Size), total, to, to);
            }
            t += rows;
        }
    }

    protected override QuantizedRows Empty() => new ChannelRows(Size, Rounding);
}

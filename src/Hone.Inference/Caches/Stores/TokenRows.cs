using System.Numerics.Tensors;
using Hone.Tensors.Kernels.Cache;

namespace Hone.Inference.Caches;

/// <summary>
/// Groups of consecutive numbers of one row share a scale: KIVI's values (Liu et al. 2024, arXiv:2402.02750) and FlexGen's keys and
/// values (Sheng et al. 2023, arXiv:2303.06865). The newest R rows are exact; each that comes makes the oldest of them rounded.
/// </summary>
internal sealed unsafe class TokenRows(int size, Rounding rounding) : QuantizedRows(size, rounding, (size + rounding.Group - 1) / rounding.Group)
{
    private readonly int groups = (size + rounding.Group - 1) / rounding.Group;

    protected override int DueAfterPrompt() =>
        Rounding.KeepGenerated ? Exact.Count - Exact.Count % Math.Max(1, Rounding.Residual) : DueWhileDecoding();

    protected override int DueWhileDecoding() => Math.Max(0, Exact.Count - Rounding.Residual);

    protected override void Encode(ReadOnlySpan<float> rows, int count, Span<byte> codes)
    {
        for (int t = 0; t < count; t++)
            for (int g = 0; g < groups; g++)
            {
                (int start, int length) = (t * Size + g * Rounding.Group, Width(g));
                (float scale, float low) = GroupQuantizer.Range(rows.Slice(start, length), Rounding.Bits);
                (scale, low) = Scales[g].Add(scale, low);
                GroupQuantizer.Encode(rows.Slice(start, length), Rounding.Bits, scale, low, codes.Slice(start, length));
            }
    }

    protected override void Decode(int row, ReadOnlySpan<byte> codes, Span<float> target)
    {
        for (int g = 0; g < groups; g++)
        {
            (float scale, float low) = Scales[g][row];
            int start = g * Rounding.Group;
            GroupQuantizer.Decode(codes.Slice(start, Width(g)), scale, low, target.Slice(start, Width(g)));
        }
    }

    protected override void KeepRounded(ReadOnlySpan<int> rows)
    {
        foreach (ScaleList list in Scales) list.Keep(rows, 1);
    }

    // q · (code · s + lo) = s · (q · code) + lo · Σ q, group by group.
    protected override void DotRounded(byte* codes, float* queries, int heads, int first, int count, float* scores, nint stride)
    {
        float* raw = RowKernels.Rows((long)(heads + 2) * count), scales = raw + (long)heads * count, lows = scales + count;
        for (int g = 0; g < groups; g++)
        {
            Scales[g].Read(first, count, scales, lows);
            Part(codes, first, g).Dot(count, queries + g * Rounding.Group, Size, heads, raw, count);
            for (int h = 0; h < heads; h++)
            {
                float sum = TensorPrimitives.Sum(new ReadOnlySpan<float>(queries + h * Size + g * Rounding.Group, Width(g)));
                Span<float> to = new(scores + h * stride, count), own = new(raw + (long)h * count, count);
                if (g == 0) to.Clear();
                TensorPrimitives.MultiplyAdd(own, new ReadOnlySpan<float>(scales, count), to, to);
                TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(lows, count), sum, to, to);
            }
        }
    }

    // Σ w (code · s + lo) = Σ (w · s) code + Σ w · lo.
    protected override void MixRounded(byte* codes, float* weights, nint stride, int heads, int first, int count, float* output)
    {
        float* scaled = RowKernels.Rows((long)(heads + 2) * count), scales = scaled + (long)heads * count, lows = scales + count;
        for (int g = 0; g < groups; g++)
        {
            Scales[g].Read(first, count, scales, lows);
            for (int h = 0; h < heads; h++)
            {
                ReadOnlySpan<float> own = new(weights + h * stride, count);
                TensorPrimitives.Multiply(own, new ReadOnlySpan<float>(scales, count), new Span<float>(scaled + (long)h * count, count));
                float sum = TensorPrimitives.Dot(own, new ReadOnlySpan<float>(lows, count));
                Span<float> part = new(output + h * Size + g * Rounding.Group, Width(g));
                TensorPrimitives.Add(part, sum, part);
            }
            Part(codes, first, g).Mix(count, scaled, count, heads, output + g * Rounding.Group, Size);
        }
    }

    protected override QuantizedRows Empty() => new TokenRows(Size, Rounding);

    private int Width(int group) => Math.Min(Rounding.Group, Size - group * Rounding.Group);

    private CodeRows Part(byte* codes, int first, int group) =>
        new(codes + (long)first * RowBytes + group * Rounding.Group * Rounding.Bits / 8, RowBytes, Width(group), Rounding.Bits);
}

using System.Runtime.Intrinsics.X86;

namespace Hone.Tensors.Kernels.Cache;

/// <summary>
/// Rows of packed codes of 2, 4 or 8 bits, multiplied without being written out as numbers first. Scales and lowest values are the
/// caller's: they go into the queries, the weights, or the result, depending on whether groups run along channels or tokens.
/// </summary>
/// <param name="codes">First byte of the first row.</param>
/// <param name="stride">Bytes between rows.</param>
/// <param name="size">Codes used of each row.</param>
/// <param name="bits">2, 4 or 8.</param>
public readonly unsafe struct CodeRows(byte* codes, nint stride, int size, int bits)
{
    /// <summary>Query heads that one pass serves.</summary>
    public const int Heads = 4;

    public byte* Codes => codes;

    public nint Stride => stride;

    public int Size => size;

    public int Bits => bits;

    /// <summary>Whether there is a kernel for this row size on this machine; without, <see cref="Reference"/> serves.</summary>
    public bool IsFast => Avx2.IsSupported && Fma.IsSupported && size % Lanes == 0 && bits is 2 or 4 or 8;

    private static int Lanes => Avx512F.IsSupported ? 16 : 8;

    /// <summary>scores[h · scoreStride + t] = Σ_d queries[h · queryStride + d] · code[t, d].</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="queries">[heads, size].</param>
    /// <param name="queryStride">Distance between queries.</param>
    /// <param name="heads">At least 1.</param>
    /// <param name="scores">[heads, rows].</param>
    /// <param name="scoreStride">Distance between the scores of heads.</param>
    public void Dot(int rows, float* queries, nint queryStride, int heads, float* scores, nint scoreStride)
    {
        if (!IsFast)
        {
            Reference.Dot(this, rows, queries, queryStride, heads, scores, scoreStride);
            return;
        }
        for (int h = 0; h < heads; h += Heads)
        {
            int count = Math.Min(Heads, heads - h);
            float* q = queries + h * queryStride, s = scores + h * scoreStride;
            CodeKernels.Dot(this, rows, q, queryStride, count, s, scoreStride);
        }
    }

    /// <summary>output[h · outputStride + d] += Σ_t weights[h · weightStride + t] · code[t, d].</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="weights">[heads, rows].</param>
    /// <param name="weightStride">Distance between the weights of heads.</param>
    /// <param name="heads">At least 1.</param>
    /// <param name="output">[heads, size]; added to.</param>
    /// <param name="outputStride">Distance between results.</param>
    public void Mix(int rows, float* weights, nint weightStride, int heads, float* output, nint outputStride)
    {
        if (!IsFast)
        {
            Reference.Mix(this, rows, weights, weightStride, heads, output, outputStride);
            return;
        }
        for (int h = 0; h < heads; h += Heads)
        {
            int count = Math.Min(Heads, heads - h);
            float* w = weights + h * weightStride, y = output + h * outputStride;
            CodeKernels.Mix(this, rows, w, weightStride, count, y, outputStride);
        }
    }

    /// <summary>A code.</summary>
    public int At(int row, int column)
    {
        int bit = column * bits;
        byte* at = codes + row * stride + (bit >> 3);
        int shift = bit & 7, word = shift + bits > 8 ? at[0] | (at[1] << 8) : at[0];
        return (word >> shift) & ((1 << bits) - 1);
    }

    /// <summary>The same in plain loops.</summary>
    public static class Reference
    {
        /// <inheritdoc cref="CodeRows.Dot"/>
        public static void Dot(in CodeRows rows, int count, float* queries, nint queryStride, int heads, float* scores, nint scoreStride)
        {
            for (int t = 0; t < count; t++)
                for (int h = 0; h < heads; h++)
                {
                    float sum = 0;
                    for (int d = 0; d < rows.Size; d++) sum += queries[h * queryStride + d] * rows.At(t, d);
                    scores[h * scoreStride + t] = sum;
                }
        }

        /// <inheritdoc cref="CodeRows.Mix"/>
        public static void Mix(in CodeRows rows, int count, float* weights, nint weightStride, int heads, float* output, nint outputStride)
        {
            for (int t = 0; t < count; t++)
                for (int d = 0; d < rows.Size; d++)
                {
                    int code = rows.At(t, d);
                    for (int h = 0; h < heads; h++) output[h * outputStride + d] += weights[h * weightStride + t] * code;
                }
        }
    }
}

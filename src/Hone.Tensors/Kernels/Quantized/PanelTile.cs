using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>One panel of weights times one group of activation rows, in the vector instructions that C# offers.</summary>
internal static unsafe class PanelTile<TDot> where TDot : struct, IByteDot
{
    private const int PrefetchBytes = 256;

    /// <param name="layout">How the panel is stored.</param>
    /// <param name="panel">16 rows of weights.</param>
    /// <param name="blocks">Blocks per row.</param>
    /// <param name="x">[blocks, rows] activations.</param>
    /// <param name="rows">1 to 8.</param>
    /// <param name="y">[rows, 16] result.</param>
    /// <param name="ldy">Distance between its rows.</param>
    public static void Run(PanelLayout layout, byte* panel, int blocks, ActivationBlock* x, int rows, float* y, nint ldy)
    {
        HalfPanel(layout, panel, 0, blocks, x, rows, y, ldy);
        HalfPanel(layout, panel, 8, blocks, x, rows, y + 8, ldy);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfPanel(PanelLayout layout, byte* scales, int lane, int blocks, ActivationBlock* x, int rows, float* y, nint ldy)
    {
        Vector256<float>* sums = stackalloc Vector256<float>[ActivationQuantizer.GroupRows];
        for (int r = 0; r < rows; r++) sums[r] = Vector256<float>.Zero;
        // Signed weights are quant - zero; nibbles become signed by the same correction through the sum of x as unsigned ones.
        Vector256<byte> flip = Vector256.Create((byte)(TDot.SignedWeights && !layout.Nibbles ? 0x80 : 0));
        int zero = TDot.SignedWeights && !layout.Nibbles ? 0 : layout.Zero;
        for (int b = 0; b < blocks; b++, scales += layout.BlockBytes, x += rows)
        {
            byte* quants = scales + layout.ScaleBytes + 4 * lane;
            if (Sse.IsSupported)
                for (int line = 0; line < layout.QuantBytes; line += 64) Sse.Prefetch0(quants + PrefetchBytes + line);
            Vector256<byte> w0, w1, w2, w3, w4, w5, w6, w7;
            (w0, w1, w2, w3) = (Load(quants), Load(quants + 64), Load(quants + 128), Load(quants + 192));
            if (layout.Nibbles)
            {
                (w4, w5, w6, w7) = (High(w0), High(w1), High(w2), High(w3));
                (w0, w1, w2, w3) = (Low(w0), Low(w1), Low(w2), Low(w3));
            }
            else
            {
                (w4, w5, w6, w7) = (Load(quants + 256) ^ flip, Load(quants + 320) ^ flip, Load(quants + 384) ^ flip, Load(quants + 448) ^ flip);
                (w0, w1, w2, w3) = (w0 ^ flip, w1 ^ flip, w2 ^ flip, w3 ^ flip);
            }
            Vector256<float> scale = Scale(layout, scales, lane), minimum = default;
            if (layout.HasMinimum) minimum = Scale(layout, scales, PanelLayout.Rows + lane);
            for (int r = 0; r < rows; r++)
            {
                ActivationBlock* block = x + r;
                int* v = (int*)block->Quants;
                Vector256<int> sum = Vector256.Create(block->Start(zero));
                sum = TDot.Dot(sum, w0, Vector256.Create(v[0]).AsSByte());
                sum = TDot.Dot(sum, w1, Vector256.Create(v[1]).AsSByte());
                sum = TDot.Dot(sum, w2, Vector256.Create(v[2]).AsSByte());
                sum = TDot.Dot(sum, w3, Vector256.Create(v[3]).AsSByte());
                sum = TDot.Dot(sum, w4, Vector256.Create(v[4]).AsSByte());
                sum = TDot.Dot(sum, w5, Vector256.Create(v[5]).AsSByte());
                sum = TDot.Dot(sum, w6, Vector256.Create(v[6]).AsSByte());
                sum = TDot.Dot(sum, w7, Vector256.Create(v[7]).AsSByte());
                Vector256<float> result = Vector256.MultiplyAddEstimate(Vector256.ConvertToSingle(sum) * scale, Vector256.Create(block->Scale), sums[r]);
                if (layout.HasMinimum) result = Vector256.MultiplyAddEstimate(minimum, Vector256.Create(block->ScaledSum), result);
                sums[r] = result;
            }
        }
        for (int r = 0; r < rows; r++) sums[r].Store(y + r * ldy);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Load(byte* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Low(Vector256<byte> packed) => packed & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High(Vector256<byte> packed) => (packed.AsUInt16() >> 4).AsByte() & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(PanelLayout layout, byte* scales, int lane) => layout.HalfScales
        ? HalfVectors.Load8((ushort*)scales + lane)
        : Vector256.Load((float*)scales + lane);
}

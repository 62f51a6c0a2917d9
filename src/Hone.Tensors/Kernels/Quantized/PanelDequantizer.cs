using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>Expands parts of a panel to exactly the fp32 weights that the file's format defines.</summary>
internal static unsafe class PanelDequantizer
{
    /// <summary>Expands blocks [b0, b1) of a panel, transposed: columns of the matrix become rows.</summary>
    /// <param name="layout">How the panel is stored.</param>
    /// <param name="panel">16 rows of weights.</param>
    /// <param name="b0">First block.</param>
    /// <param name="b1">One past the last.</param>
    /// <param name="target">[(b1 - b0) · 32, 16].</param>
    /// <param name="ld">Distance between the target's rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transposed(PanelLayout layout, byte* panel, int b0, int b1, float* target, nint ld)
    {
        Vector512<int> zero = Vector512.Create(layout.Zero);
        for (int b = b0; b < b1; b++)
        {
            byte* scales = panel + (long)b * layout.BlockBytes, quants = scales + layout.ScaleBytes;
            Vector512<float> scale = Scale(layout, scales, 0);
            Vector512<float> minimum = layout.HasMinimum ? Scale(layout, scales, PanelLayout.Rows) : Vector512<float>.Zero;
            for (int group = 0; group < 8; group++, target += 4 * ld)
            {
                Vector512<int> four = Group(layout, quants, group);
                for (int k = 0; k < 4; k++)
                {

                    Vector512<float> weight = Vector512.ConvertToSingle((four >>> (8 * k) & Vector512.Create(255)) - zero) * scale + minimum;
                    weight.Store(target + k * ld);
                }
            }
        }
    }

    /// <summary>One row of a panel.</summary>
    /// <param name="lane">Which of the 16 rows.</param>
    /// <param name="target">[blocks · 32].</param>
    public static void Row(PanelLayout layout, byte* panel, int blocks, int lane, float* target)
    {
        for (int b = 0; b < blocks; b++)
        {
            byte* scales = panel + (long)b * layout.BlockBytes, quants = scales + layout.ScaleBytes;
            float scale = ScaleAt(layout, scales, lane), minimum = layout.HasMinimum ? ScaleAt(layout, scales, PanelLayout.Rows + lane) : 0f;
            for (int k = 0; k < PanelLayout.Block; k++)
                *target++ = (Quant(layout, quants, lane, k) - layout.Zero) * scale + minimum;
        }
    }

    private static int Quant(PanelLayout layout, byte* quants, int lane, int k) => layout.Nibbles
        ? quants[k % 16 / 4 * 64 + lane * 4 + k % 4] >> (k < 16 ? 0 : 4) & 15
        : quants[k / 4 * 64 + lane * 4 + k % 4];

    private static float ScaleAt(PanelLayout layout, byte* scales, int lane) =>
        layout.HalfScales ? (float)((Half*)scales)[lane] : ((float*)scales)[lane];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Group(PanelLayout layout, byte* quants, int group)
    {
        if (!layout.Nibbles) return Vector512.Load((int*)(quants + group * 64));
        Vector512<int> packed = Vector512.Load((int*)(quants + (group & 3) * 64));
        return (group < 4 ? packed : packed >>> 4) & Vector512.Create(0x0F0F0F0F);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scale(PanelLayout layout, byte* scales, int lane) => layout.HalfScales
        ? HalfVectors.Load16((ushort*)scales + lane)
        : Vector512.Load((float*)scales + lane);
}

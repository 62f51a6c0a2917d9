using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Hone.Tensors.Kernels.MachineCode;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>Consecutive panels times one group of activation rows, by the best instructions of this machine.</summary>
internal static unsafe class PanelKernel
{
    /// <param name="layout">How panels are stored.</param>
    /// <param name="panel">First panel.</param>
    /// <param name="panels">How many follow each other.</param>
    /// <param name="blocks">Blocks per row.</param>
    /// <param name="x">[blocks, rows] activations.</param>
    /// <param name="rows">1 to 8.</param>
    /// <param name="y">[rows, 16 · panels] result.</param>
    /// <param name="ldy">Distance between its rows.</param>
    public static void Run(PanelLayout layout, byte* panel, int panels, int blocks, ActivationBlock* x, int rows, float* y, nint ldy)
    {
        if (VnniPanels.Available) VnniPanels.Run(layout, panel, panels, blocks, x, rows, y, ldy);
        else RunIntrinsics(layout, panel, panels, blocks, x, rows, y, ldy);
    }

    /// <summary>The same in C#.</summary>
    public static void RunIntrinsics(
        PanelLayout layout, byte* panel, int panels, int blocks, ActivationBlock* x, int rows, float* y, nint ldy)
    {
        long bytes = layout.PanelBytes(blocks);
        for (int i = 0; i < panels; i++, panel += bytes, y += PanelLayout.Rows) One(layout, panel, blocks, x, rows, y, ldy);
    }

    private static void One(PanelLayout layout, byte* panel, int blocks, ActivationBlock* x, int rows, float* y, nint ldy)
    {
        if (AvxVnni.IsSupported) PanelTile<VnniDot>.Run(layout, panel, blocks, x, rows, y, ldy);
        else if (Avx2.IsSupported && layout.Nibbles) PanelTile<Avx2NibbleDot>.Run(layout, panel, blocks, x, rows, y, ldy);
        else if (Avx2.IsSupported) PanelTile<Avx2Dot>.Run(layout, panel, blocks, x, rows, y, ldy);
        else if (Dp.IsSupported) PanelTile<ArmDot>.Run(layout, panel, blocks, x, rows, y, ldy);
        else PanelTile<PortableDot>.Run(layout, panel, blocks, x, rows, y, ldy);
    }
}

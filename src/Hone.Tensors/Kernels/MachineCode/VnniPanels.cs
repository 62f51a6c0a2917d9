using System.Runtime.CompilerServices;
using Hone.Tensors.Kernels.Quantized;

namespace Hone.Tensors.Kernels.MachineCode;

/// <summary>Calls the assembled panel routines.</summary>
internal static unsafe class VnniPanels
{
    private static readonly nint[] Routines = BuildAll();

    /// <summary>Whether <see cref="Run"/> can be used here.</summary>
    public static bool Available { get; } = Routines.Length > 0;

    private static int Index(PanelLayout layout, int rows) =>
        ((layout.Nibbles ? 1 : 0) | (layout.HasMinimum ? 2 : 0) | (layout.HalfScales ? 4 : 0)) * ActivationQuantizer.GroupRows + rows - 1;

    /// <summary>Same parameters as <see cref="PanelKernel.Run"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(PanelLayout layout, byte* panel, int panels, int blocks, ActivationBlock* x, int rows, float* y, nint ldy)
    {
        PanelCall call = new()
        {
            Panel = panel,
            X = x,
            Y = y,
            Panels = panels,
            Blocks = blocks,
            RowStride = ldy * sizeof(float),
            PanelStride = (nint)layout.PanelBytes(blocks),
            NibbleMask = 0x0F0F0F0F,
        };
        // The usual transition costs more than a small product. Without it a collection waits for the routine, which callers
        // keep to some ten microseconds by passing at most 256 KiB of weights at a time.
        ((delegate* unmanaged[SuppressGCTransition]<PanelCall*, void>)Routines[Index(layout, rows)])(&call);
    }

    private static nint[] BuildAll()
    {
        if (!VnniSupport.Available) return [];
        nint[] routines = new nint[8 * ActivationQuantizer.GroupRows];
        List<byte> code = [];
        List<(int Index, int Offset)> places = [];
        foreach (PanelLayout layout in new[] { QuantType.Q8_0, QuantType.Q4_0, QuantType.Q4_1, QuantType.Q4_K }.Select(t => PanelLayout.For(t)!.Value))
            for (int rows = 1; rows <= ActivationQuantizer.GroupRows; rows++)
            {
                while (code.Count % 64 != 0) code.Add(0xCC);
                places.Add((Index(layout, rows), code.Count));
                code.AddRange(VnniPanelCode.Build(layout, rows));
            }
        nint start = ExecutableMemory.Place([.. code]);
        if (start == 0) return [];
        foreach ((int index, int offset) in places) routines[index] = start + offset;
        return routines;
    }
}

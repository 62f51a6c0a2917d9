using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Hone.Tensors.Kernels.MachineCode;
using Hone.Tensors.Kernels.Quantized;

namespace Hone.Tensors.Measure;

/// <summary>Independent chains of byte dot products, by the same instructions that <see cref="PanelKernel"/> uses.</summary>
internal static class ByteDotLoop
{
    private const int Chains = 8;

    /// <summary>Multiplications and additions of one step.</summary>
    public static int OperationsPerStep => VnniPeakLoop.Available ? VnniPeakLoop.OperationsPerStep : Chains * 64;

    /// <summary>Runs the loop.</summary>
    public static void Run(int steps)
    {
        if (VnniPeakLoop.Available) VnniPeakLoop.Run(steps);
        else if (AvxVnni.IsSupported) Loop<VnniDot>(steps);
        else if (Avx2.IsSupported) Loop<Avx2NibbleDot>(steps);
        else if (Dp.IsSupported) Loop<ArmDot>(steps);
        else Loop<PortableDot>(steps);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Loop<TDot>(int steps) where TDot : struct, IByteDot
    {
        Vector256<byte> w = Vector256.Create((byte)3);
        Vector256<sbyte> x = Vector256.Create((sbyte)5);
        Vector256<int> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        for (int i = 0; i < steps; i++)
        {
            c0 = TDot.Dot(c0, w, x);
            c1 = TDot.Dot(c1, w, x);
            c2 = TDot.Dot(c2, w, x);
            c3 = TDot.Dot(c3, w, x);
            c4 = TDot.Dot(c4, w, x);
            c5 = TDot.Dot(c5, w, x);
            c6 = TDot.Dot(c6, w, x);
            c7 = TDot.Dot(c7, w, x);
            w ^= Vector256.Create((byte)1); // else the products would be computed once, before the loop
        }
        return Vector256.Sum(c0 + c1 + c2 + c3 + (c4 + c5 + c6 + c7));
    }
}

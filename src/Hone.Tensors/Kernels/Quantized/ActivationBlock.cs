using System.Runtime.InteropServices;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>32 activations of one row rounded to int8, with what the corrections of the dot product need.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal unsafe struct ActivationBlock
{
    /// <summary>Size of this structure, and the offsets below for code that is not C#.</summary>
    public const int Bytes = 48, ScaleOffset = 32, ScaledSumOffset = 36, MinusSum128Offset = 40, MinusSum8Offset = 44;

    /// <summary>The rounded numbers.</summary>
    public fixed sbyte Quants[32];

    /// <summary>Activation = Scale · quant.</summary>
    public float Scale;

    /// <summary>Scale · sum of the quants, which meets the minima.</summary>
    public float ScaledSum;

    /// <summary>-128 · sum of the quants: corrects weights stored with 128 added.</summary>
    public int MinusSum128;

    /// <summary>-8 · sum of the quants.</summary>
    public int MinusSum8;

    /// <summary>The correction for weights stored with <paramref name="zero"/> added.</summary>
    public readonly int Start(int zero) => zero == 128 ? MinusSum128 : zero == 8 ? MinusSum8 : 0;
}

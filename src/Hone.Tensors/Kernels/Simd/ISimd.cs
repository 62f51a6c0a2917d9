using System.Runtime.Intrinsics;

namespace Hone.Tensors.Kernels.Simd;

/// <summary>
/// The vector instructions a kernel is written over. A kernel is one generic method over a policy and its vector type, and the
/// JIT compiles it once per width (<see cref="Simd512"/>, <see cref="Simd256"/>, <see cref="Simd128"/>, <see cref="SimdScalar"/>)
/// with every call below turned into one instruction. The vector type itself stays a plain VectorN so that it lives in registers.
/// </summary>
internal unsafe interface ISimd<TVector> where TVector : struct
{
    /// <summary>Floats per vector.</summary>
    static abstract int Width { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* target);

    /// <summary>All lanes equal to <paramref name="value"/>.</summary>
    static abstract TVector Broadcast(float value);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>Larger of each pair; b where either is not a number.</summary>
    static abstract TVector Max(TVector a, TVector b);

    /// <summary>Smaller of each pair; b where either is not a number.</summary>
    static abstract TVector Min(TVector a, TVector b);

    static abstract TVector Abs(TVector value);

    /// <summary>Nearest whole number, halves to even.</summary>
    static abstract TVector Round(TVector value);

    /// <summary>value · 2^n for whole n from -252 to 254, with overflow and gradual underflow.</summary>
    static abstract TVector ScaleByPowerOf2(TVector value, TVector n);

    /// <summary>Where a &lt; b, x, else y.</summary>
    static abstract TVector SelectLess(TVector a, TVector b, TVector x, TVector y);

    /// <summary>a · b + c, with one rounding where the machine has the instruction.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>Sum of the lanes, always in the same order.</summary>
    static abstract float Sum(TVector value);

    /// <summary>Sums of the lanes of four vectors, side by side: cheaper than four times <see cref="Sum"/>.</summary>
    static abstract Vector128<float> Sum4(TVector a, TVector b, TVector c, TVector d);

    /// <summary>Largest lane.</summary>
    static abstract float Largest(TVector value);
}

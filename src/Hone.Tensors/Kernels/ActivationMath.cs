using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hone.Tensors.Kernels.Simd;

namespace Hone.Tensors.Kernels;

/// <summary>
/// Activation functions over rows of numbers, with their slopes, alone or as the gate of an MLP; results do not depend on where a span
/// begins or how it is cut.
/// </summary>
internal static unsafe class ActivationMath<T> where T : struct, IActivation
{
    /// <summary>y = f(x). y may be x.</summary>
    public static void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        Debug.Assert(y.Length >= x.Length);
        fixed (float* px = x, py = y) Run(new(px, null, null, py, null), x.Length, false, false);
    }

    /// <summary>dx = dy · f'(x). dx may be x or dy.</summary>
    public static void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx)
    {
        Debug.Assert(dy.Length >= x.Length && dx.Length >= x.Length);
        fixed (float* px = x, pdy = dy, pdx = dx) Run(new(px, null, pdy, pdx, null), x.Length, false, false);
    }

    /// <summary>y = f(gate) · up.</summary>
    public static void Gate(float* gate, float* up, float* y, int count) => Run(new(gate, up, null, y, null), count, false, false);

    /// <summary>dGate (+)= dy · up · f'(gate) and dUp (+)= dy · f(gate).</summary>
    /// <param name="gate">[count].</param>
    /// <param name="up">[count].</param>
    /// <param name="dy">[count].</param>
    /// <param name="dGate">[count]; null for none.</param>
    /// <param name="addGate">Adds to <paramref name="dGate"/> instead of overwriting it.</param>
    /// <param name="dUp">[count]; null for none. May be <paramref name="dGate"/> if it is added to, which happens after.</param>
    /// <param name="addUp">Adds to <paramref name="dUp"/> instead of overwriting it.</param>
    /// <param name="count">Numbers.</param>
    public static void GateBackward(float* gate, float* up, float* dy, float* dGate, bool addGate, float* dUp, bool addUp, int count) =>
        Run(new(gate, up, dy, dGate, dUp), count, addGate, addUp);

    /// <summary>Where the numbers of a call lie; which are null says what is computed.</summary>
    private readonly struct Operands(float* x, float* up, float* dy, float* first, float* second)
    {
        public readonly float* X = x, Up = up, Dy = dy, First = first, Second = second;
    }

    private static void Run(in Operands o, int count, bool addFirst, bool addSecond)
    {
        if (Vector512.IsHardwareAccelerated) Loop<Simd512, Vector512<float>>(o, count, addFirst, addSecond);
        else if (Vector256.IsHardwareAccelerated) Loop<Simd256, Vector256<float>>(o, count, addFirst, addSecond);
        else if (Vector128.IsHardwareAccelerated) Loop<Simd128, Vector128<float>>(o, count, addFirst, addSecond);
        else Loop<SimdScalar, float>(o, count, addFirst, addSecond);
    }

    private static void Loop<TSimd, TVector>(in Operands o, int count, bool addFirst, bool addSecond)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int whole = count / TSimd.Width * TSimd.Width;
        Whole<TSimd, TVector>(o, whole, addFirst, addSecond);
        int rest = count - whole;
        if (rest == 0) return;
        // The last, incomplete vector passes through memory of its own.
        float* memory = stackalloc float[5 * 16];
        new Span<float>(memory, 5 * 16).Clear();
        bool same = o.Second != null && o.Second == o.First;
        float* first = In(o.First, 3), second = same ? first : In(o.Second, 4);
        Operands part = new(In(o.X, 0), In(o.Up, 1), In(o.Dy, 2), first, second);
        Whole<TSimd, TVector>(part, TSimd.Width, addFirst, addSecond);
        if (o.First != null) new ReadOnlySpan<float>(part.First, rest).CopyTo(new(o.First + whole, rest));
        if (o.Second != null) new ReadOnlySpan<float>(part.Second, rest).CopyTo(new(o.Second + whole, rest));

        float* In(float* source, int slot)
        {
            if (source == null) return null;
            new ReadOnlySpan<float>(source + whole, rest).CopyTo(new(memory + 16 * slot, rest));
            return memory + 16 * slot;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Whole<TSimd, TVector>(in Operands o, nint count, bool addFirst, bool addSecond)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* x = o.X, up = o.Up, dy = o.Dy, first = o.First, second = o.Second;
        if (dy == null && up == null)
        {
            for (nint i = 0; i < count; i += TSimd.Width) TSimd.Store(T.Value<TSimd, TVector>(TSimd.Load(x + i)), first + i);
            return;
        }
        if (dy == null)
        {
            for (nint i = 0; i < count; i += TSimd.Width)
                TSimd.Store(TSimd.Multiply(T.Value<TSimd, TVector>(TSimd.Load(x + i)), TSimd.Load(up + i)), first + i);
            return;
        }
        for (nint i = 0; i < count; i += TSimd.Width)
        {
            TVector value = T.ValueAndSlope<TSimd, TVector>(TSimd.Load(x + i), out TVector slope), upstream = TSimd.Load(dy + i);
            if (up == null)
            {
                TSimd.Store(TSimd.Multiply(upstream, slope), first + i);
                continue;
            }
            // The gate first, then what it multiplies: both may be the same tensor.
            if (first != null) Put<TSimd, TVector>(TSimd.Multiply(TSimd.Multiply(upstream, TSimd.Load(up + i)), slope), first + i, addFirst);
            if (second != null) Put<TSimd, TVector>(TSimd.Multiply(upstream, value), second + i, addSecond);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TSimd, TVector>(TVector value, float* target, bool add)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Store(add ? TSimd.Add(TSimd.Load(target), value) : value, target);
}

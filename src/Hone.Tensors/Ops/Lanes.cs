using System.Numerics;
using System.Runtime.InteropServices;

namespace Hone.Tensors.Ops;

/// <summary>Applies a function of vector registers to spans of any length; the last, incomplete register is filled up with zeros.</summary>
internal readonly struct Lanes<T> : IUnary where T : struct, ILaneFunction
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count) T.Value(new Vector<float>(x[i..])).CopyTo(y[i..]);
        if (i == x.Length) return;
        Lanes.Store(T.Value(Lanes.Partial(x[i..])), y[i..]);
    }

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            T.ValueAndSlope(new Vector<float>(x[i..]), out _, out Vector<float> slope);
            (slope * new Vector<float>(dy[i..])).CopyTo(dx[i..]);
        }
        if (i == x.Length) return;
        T.ValueAndSlope(Lanes.Partial(x[i..]), out _, out Vector<float> last);
        Lanes.Store(last * Lanes.Partial(dy[i..]), dx[i..]);
    }
}

/// <summary>Registers that are not full.</summary>
internal static class Lanes
{
    /// <summary>Fewer numbers than a register holds, the rest zero.</summary>
    public static Vector<float> Partial(ReadOnlySpan<float> values)
    {
        Vector<float> result = Vector<float>.Zero;
        values.CopyTo(MemoryMarshal.Cast<Vector<float>, float>(MemoryMarshal.CreateSpan(ref result, 1)));
        return result;
    }

    /// <summary>As many of the register's numbers as fit.</summary>
    public static void Store(Vector<float> value, Span<float> target) =>
        MemoryMarshal.Cast<Vector<float>, float>(MemoryMarshal.CreateSpan(ref value, 1))[..target.Length].CopyTo(target);
}

using System.Numerics.Tensors;

namespace Hone.Tensors.Ops;

/// <summary>Reductions and normalisation over the last dimension.</summary>
public static class LastDimensionOps
{
    /// <summary>Sum over the last dimension.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[..., C].</param>
    /// <returns>Shape of x without its last dimension.</returns>
    public static Tensor SumLast(this Tape tape, Tensor x) => RowWise.Apply(tape, x, new SumFunction(1f));

    /// <summary>Mean over the last dimension.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[..., C].</param>
    /// <returns>Shape of x without its last dimension.</returns>
    public static Tensor MeanLast(this Tape tape, Tensor x) => RowWise.Apply(tape, x, new SumFunction(1f / x.Shape.Last));

    /// <summary>Maximum over the last dimension; the gradient goes to the first of equal ones.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[..., C].</param>
    /// <returns>Shape of x without its last dimension.</returns>
    public static Tensor MaxLast(this Tape tape, Tensor x) => RowWise.Apply(tape, x, default(MaxFunction));

    /// <summary>x / max(|x|, eps) with the Euclidean length over the last dimension; below eps the length counts as constant.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[..., C].</param>
    /// <param name="eps">Smallest length.</param>
    /// <returns>Shape of x.</returns>
    public static Tensor L2Normalize(this Tape tape, Tensor x, float eps = 1e-12f) => RowWise.Apply(tape, x, new UnitLengthFunction(eps));
}

internal readonly struct SumFunction(float factor) : IRowFunction
{
    public static bool Reduces => true;

    public void Forward(ReadOnlySpan<float> x, Span<float> y) => y[0] = TensorPrimitives.Sum(x) * factor;

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx) => dx.Fill(dy[0] * factor);
}

internal readonly struct MaxFunction : IRowFunction
{
    public static bool Reduces => true;

    public void Forward(ReadOnlySpan<float> x, Span<float> y) => y[0] = RowLoops.Max(x);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        dx.Clear();
        dx[TensorPrimitives.IndexOfMax(x)] = dy[0];
    }
}

internal readonly struct UnitLengthFunction(float eps) : IRowFunction
{
    public static bool Reduces => false;

    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Divide(x, MathF.Max(TensorPrimitives.Norm(x), eps), y);

    // dx = (dy - y (y·dy)) / |x|
    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        float length = TensorPrimitives.Norm(x);
        if (length > eps) TensorPrimitives.MultiplyAdd(y, -TensorPrimitives.Dot(y, dy), dy, dx);
        else dy.CopyTo(dx);
        TensorPrimitives.Divide(dx, MathF.Max(length, eps), dx);
    }
}

using System.Numerics.Tensors;

namespace Hone.Tensors.Ops;

/// <summary>Arithmetic, element by element. Two operands broadcast under NumPy's rules, up to rank 4.</summary>
public static class ArithmeticOps
{
    /// <summary>a + b.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Add(this Tape tape, Tensor a, Tensor b) => Binary.Apply(tape, a, b, default(AddFunction));

    /// <summary>a - b.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Sub(this Tape tape, Tensor a, Tensor b) => Binary.Apply(tape, a, b, default(SubFunction));

    /// <summary>a · b, element by element.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Mul(this Tape tape, Tensor a, Tensor b) => Binary.Apply(tape, a, b, default(MulFunction));

    /// <summary>a / b.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Div(this Tape tape, Tensor a, Tensor b) => Binary.Apply(tape, a, b, default(DivFunction));

    /// <summary>x · factor.</summary>
    public static Tensor Scale(this Tape tape, Tensor x, float factor) => Unary.Apply(tape, x, new ScaleFunction(factor));

    /// <summary>x + term.</summary>
    public static Tensor AddScalar(this Tape tape, Tensor x, float term) => Unary.Apply(tape, x, new AddScalarFunction(term));
}

internal readonly struct AddFunction : IBinary
{
    public void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) => TensorPrimitives.Add(a, b, y);

    public void BackwardA(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> da) => dy.CopyTo(da);

    public void BackwardB(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> db) => dy.CopyTo(db);
}

internal readonly struct SubFunction : IBinary
{
    public void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) => TensorPrimitives.Subtract(a, b, y);

    public void BackwardA(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> da) => dy.CopyTo(da);

    public void BackwardB(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> db) => TensorPrimitives.Negate(dy, db);
}

internal readonly struct MulFunction : IBinary
{
    public void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) => TensorPrimitives.Multiply(a, b, y);

    public void BackwardA(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> da) =>
        TensorPrimitives.Multiply(dy, b, da);

    public void BackwardB(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> db) =>
        TensorPrimitives.Multiply(dy, a, db);
}

internal readonly struct DivFunction : IBinary
{
    public void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) => TensorPrimitives.Divide(a, b, y);

    public void BackwardA(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> da) =>
        TensorPrimitives.Divide(dy, b, da);

    public void BackwardB(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> dy, Span<float> db)
    {
        TensorPrimitives.Divide(a, b, db);
        TensorPrimitives.Divide(db, b, db);
        TensorPrimitives.Multiply(db, dy, db);
        TensorPrimitives.Negate(db, db);
    }
}

internal readonly struct ScaleFunction(float factor) : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Multiply(x, factor, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx) =>
        TensorPrimitives.Multiply(dy, factor, dx);
}

internal readonly struct AddScalarFunction(float term) : IUnary
{
    public void Forward(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Add(x, term, y);

    public void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx) => dy.CopyTo(dx);
}

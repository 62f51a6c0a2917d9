using System.Numerics.Tensors;
using Tensor = Hone.Tensors.Tensor;
using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>Forward passes of three operations that Hone.Tensors is about to have; goes away when it does.</summary>
internal static class PendingOps
{
    public static Tensor Softmax(this Tape tape, Tensor x)
    {
        Tensor y = New(tape, x);
        for (int r = 0; r < x.Shape.Rows; r++) TensorPrimitives.SoftMax(x.Data.Slice(r * x.Shape.Last, x.Shape.Last), y.Data.Slice(r * x.Shape.Last, x.Shape.Last));
        return y;
    }

    public static Tensor Softcap(this Tape tape, Tensor x, float cap)
    {
        Tensor y = New(tape, x);
        TensorPrimitives.Divide(x.Data, cap, y.Data);
        TensorPrimitives.Tanh(y.Data, y.Data);
        TensorPrimitives.Multiply(y.Data, cap, y.Data);
        return y;
    }

    public static Tensor Checkpoint(this Tape tape, Tensor x, Func<Tape, Tensor, Tensor> body) => body(tape, x);

    private static Tensor New(Tape tape, Tensor x) =>
        tape.Needs(x) ? throw new InvalidOperationException("no gradient for this operation yet") : tape.New(x.Shape);
}

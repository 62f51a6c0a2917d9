using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Between (batch, heads, time, size), as the golden files store attention, and our flattened [batch · time, heads · size].</summary>
internal static class HeadLayout
{
    public static Tensor Flatten(Tape tape, Tensor x)
    {
        Shape s = x.Shape;
        return tape.View(tape.Transpose(x, 1, 2), (s[0] * s[2], s[1] * s[3]));
    }

    public static Tensor Unflatten(Tape tape, Tensor x, int batch, int heads)
    {
        Shape split = (batch, x.Shape[0] / batch, heads, x.Shape[1] / heads);
        return tape.Transpose(tape.View(x, split), 1, 2);
    }
}

using Hone.Models.Config;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>A normalisation with its weights.</summary>
internal sealed class NormLayer(NormKind kind, float epsilon, bool addsOne, Parameter weight, Parameter? bias)
{
    /// <param name="tape">Tape.</param>
    /// <param name="x">[N, C], C the weight's length.</param>
    public Tensor Forward(Tape tape, Tensor x) => kind == NormKind.Rms
        ? tape.RmsNorm(x, weight.Value, epsilon, addsOne)
        : tape.LayerNorm(x, weight.Value, bias?.Value, epsilon);

    /// <summary>One row on the calling thread, without a tape; several if the weight is shorter, as norms of heads are.</summary>
    /// <param name="x">[width].</param>
    /// <param name="y">[width]; may be x.</param>
    /// <param name="width">A multiple of the weight's length.</param>
    public unsafe void Run(float* x, float* y, int width)
    {
        int size = weight.Value.Count;
        for (int i = 0; i < width; i += size)
        {
            if (kind == NormKind.Rms) _ = RmsNormOp.Row(x + i, weight.Value.Pointer, addsOne, epsilon, y + i, size);
            else _ = LayerNormOp.Row(x + i, weight.Value.Pointer, bias is null ? null : bias.Value.Pointer, epsilon, y + i, size);
        }
    }

    /// <summary>Normalises each head of a projection: [N, heads · D] with D the weight's length.</summary>
    public Tensor ForwardHeads(Tape tape, Tensor x)
    {
        int size = weight.Value.Count;
        return tape.View(Forward(tape, tape.View(x, (x.Count / size, size))), x.Shape);
    }
}

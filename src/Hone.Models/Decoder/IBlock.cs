using Hone.Models.Decoder.Together;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>One layer of a decoder: attention and MLP. Blocks of a model can be exchanged.</summary>
public interface IBlock
{
    /// <summary>The residual stream after this layer.</summary>
    /// <param name="tape">Tape; inside activation recomputation another one than that of the whole pass.</param>
    /// <param name="hidden">[N, C].</param>
    /// <param name="context">Tokens, positions, caches.</param>
    /// <returns>[N, C].</returns>
    Tensor Forward(Tape tape, Tensor hidden, ForwardContext context);
}

/// <summary>How the blocks are gone through: one after the other, or as steps of a numerical solver.</summary>
public interface ILayerSolver
{
    /// <summary>[N, C] embedding → [N, C] before the final norm.</summary>
    Tensor Run(Tape tape, IReadOnlyList<IBlock> blocks, Tensor hidden, ForwardContext context);
}

/// <summary>Each block once, in order.</summary>
public sealed class SequentialSolver : ILayerSolver
{
    public static SequentialSolver Instance { get; } = new();

    public Tensor Run(Tape tape, IReadOnlyList<IBlock> blocks, Tensor hidden, ForwardContext context)
    {
        using LayerTape layers = new(tape);
        for (int i = 0; i < blocks.Count; i++)
        {
            int end = TokenPass.Reach(blocks, i, tape, context);
            if (end > i)
            {
                hidden = TokenPass.Run(blocks, i, end, tape, hidden, context);
                i = end - 1;
                continue;
            }
            (IBlock block, Tensor before) = (blocks[i], hidden);
            hidden = context.State.Recompute && tape.Recording
                ? tape.Checkpoint(before, (inner, x) => block.Forward(inner, x, context))
                : layers.Run(inner => block.Forward(inner, before, context));
            if (i + 1 < blocks.Count) context.State.Tap?.Hidden(i + 1, hidden);
        }
        return hidden;
    }
}

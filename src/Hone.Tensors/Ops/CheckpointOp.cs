using System.Numerics.Tensors;
using Hone.Core;

namespace Hone.Tensors.Ops;

/// <summary>Activation recomputation.</summary>
public static unsafe class CheckpointOp
{
    /// <summary>
    /// Runs a part of a model without keeping its activations and runs it again on the way back: memory of one part at a time
    /// against one more forward pass. Chen et al. 2016, arXiv:1604.06174. Gradients are bit for bit those of running it once,
    /// except for a tensor outside <paramref name="body"/> that several parts use, whose sum may be made in another order.
    /// </summary>
    /// <param name="tape">Tape.</param>
    /// <param name="input">What the part works on.</param>
    /// <param name="body">The part; it must use the tape it is given, take activations only through its argument, and do the same on every call.</param>
    /// <param name="random">The stream the part draws from, if any: the second run draws the same numbers.</param>
    /// <returns>The part's result.</returns>
    public static Tensor Checkpoint(this Tape tape, Tensor input, Func<Tape, Tensor, Tensor> body, RandomStream? random = null)
    {
        if (!tape.Recording) return body(tape, input);
        ulong position = random?.Position ?? 0;
        Tensor output;
        using (Tape forward = new(tape.Workers, tape.Memory, recording: false))
        {
            Tensor result = body(forward, forward.NewDetached(input));
            output = tape.Constant(result.Shape, result.Data, requiresGrad: true);
        }
        tape.Record(new Node { Output = output, Input = input, Body = body, Random = random, Position = position });
        return output;
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor Input { get; init; }

        public required Func<Tape, Tensor, Tensor> Body { get; init; }

        public required RandomStream? Random { get; init; }

        public required ulong Position { get; init; }

        public override void Backward(Tape tape)
        {
            ulong after = Random?.Position ?? 0;
            if (Random is not null) Random.Position = Position;
            using Tape again = new(tape.Workers, tape.Memory);
            Tensor leaf = again.NewDetached(Input);
            leaf.RequiresGrad = Input.RequiresGrad;
            again.Backward(Body(again, leaf), Output.Grad);
            if (Random is not null) Random.Position = after;
            if (leaf.HasGrad) AddTo(Input, leaf.Grad);
        }

        private static void AddTo(Tensor input, ReadOnlySpan<float> part)
        {
            bool add = input.BeginGrad(out float* target);
            Span<float> to = new(target, input.Count);
            if (add) TensorPrimitives.Add(to, part, to);
            else part.CopyTo(to);
        }
    }
}

using Hone.Tensors;

namespace Hone.Training.Objectives.Values;

/// <summary>Takes a loss that was computed outside the tape back into it.</summary>
public static class OuterLoss
{
    /// <summary>A scalar with a known gradient with respect to <paramref name="input"/>.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="input">What the loss was computed from.</param>
    /// <param name="value">The loss.</param>
    /// <param name="gradient">∂ loss / ∂ input, as many numbers as the input has.</param>
    public static Tensor Outer(this Tape tape, Tensor input, double value, double[] gradient)
    {
        if (gradient.Length != input.Count) throw new ArgumentException($"{gradient.Length} gradients for shape {input.Shape}");
        Tensor loss = tape.New(Shape.Scalar, tape.Needs(input));
        loss.Data[0] = (float)value;
        if (loss.RequiresGrad) tape.Record(new Node { Output = loss, Input = input, Gradient = gradient });
        return loss;
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor Input { get; init; }

        public required double[] Gradient { get; init; }

        public override unsafe void Backward(Tape tape)
        {
            bool add = Input.BeginGrad(out float* target);
            double upstream = Output.Grad[0];
            for (int i = 0; i < Gradient.Length; i++) target[i] = (float)(upstream * Gradient[i]) + (add ? target[i] : 0);
        }
    }
}

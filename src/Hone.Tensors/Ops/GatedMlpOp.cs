using Hone.Tensors.Kernels;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>The gated non-linearity of Llama-like MLP blocks.</summary>
public static unsafe class GatedMlpOp
{
    /// <summary>act(gate) · up, element by element. Shazeer 2020, arXiv:2002.05202 (SwiGLU with SiLU, GEGLU with GELU).</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="gate">[N, F].</param>
    /// <param name="up">[N, F].</param>
    /// <param name="activation">The non-linearity on the gate.</param>
    /// <returns>[N, F].</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor GatedMlpActivation(this Tape tape, Tensor gate, Tensor up, Activation activation)
    {
        if (gate.Shape != up.Shape) throw new ArgumentException($"gated activation: gate {gate.Shape}, up {up.Shape}");
        return activation switch
        {
            Activation.Silu => Apply<Silu>(tape, gate, up),
            Activation.GeluErf => Apply<GeluErf>(tape, gate, up),
            Activation.GeluTanh => Apply<GeluTanh>(tape, gate, up),
            Activation.Relu => Apply<Relu>(tape, gate, up),
            Activation.ReluSquared => Apply<ReluSquared>(tape, gate, up),
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "not an activation"),
        };
    }

    /// <summary>The same on the calling thread for some numbers, without a tape.</summary>
    /// <param name="gate">[count].</param>
    /// <param name="up">[count].</param>
    /// <param name="y">[count]; may be one of the two.</param>
    /// <param name="count">Numbers.</param>
    /// <param name="activation">The non-linearity on the gate.</param>
    public static void Run(float* gate, float* up, float* y, int count, Activation activation)
    {
        switch (activation)
        {
            case Activation.Silu: ActivationMath<Silu>.Gate(gate, up, y, count); break;
            case Activation.GeluErf: ActivationMath<GeluErf>.Gate(gate, up, y, count); break;
            case Activation.GeluTanh: ActivationMath<GeluTanh>.Gate(gate, up, y, count); break;
            case Activation.Relu: ActivationMath<Relu>.Gate(gate, up, y, count); break;
            case Activation.ReluSquared: ActivationMath<ReluSquared>.Gate(gate, up, y, count); break;
            default: throw new ArgumentOutOfRangeException(nameof(activation), activation, "not an activation");
        }
    }

    private static Tensor Apply<T>(Tape tape, Tensor gate, Tensor up) where T : struct, IActivation
    {
        Tensor y = tape.New(gate.Shape, tape.Needs(gate, up));
        ForwardJob<T> job = new(gate.Pointer, up.Pointer, y.Pointer);
        tape.Workers.For(y.Count, Unary.Grain, ref job);
        if (y.RequiresGrad) tape.Record(new Node<T> { Output = y, Gate = gate, Up = up });
        return y;
    }

    private readonly struct ForwardJob<T>(float* gate, float* up, float* y) : IRangeJob where T : struct, IActivation
    {
        public void Run(int worker, int start, int end) => ActivationMath<T>.Gate(gate + start, up + start, y + start, end - start);
    }

    // The activation is computed again: that is cheaper than keeping another [N, F] for the way back.
    private readonly struct BackwardJob<T>(float* gate, float* up, float* dy, float* dGate, bool addGate, float* dUp, bool addUp)
        : IRangeJob where T : struct, IActivation
    {
        public void Run(int worker, int start, int end) => ActivationMath<T>.GateBackward(
            gate + start, up + start, dy + start, dGate == null ? null : dGate + start, addGate, dUp == null ? null : dUp + start, addUp, end - start);
    }

    private sealed class Node<T> : BackwardNode where T : struct, IActivation
    {
        public required Tensor Gate { get; init; }

        public required Tensor Up { get; init; }

        public override void Backward(Tape tape)
        {
            float* dGate = null, dUp = null;
            bool addGate = Gate.RequiresGrad && Gate.BeginGrad(out dGate);
            bool addUp = Up.RequiresGrad && Up.BeginGrad(out dUp);
            fixed (float* dy = Output.Grad)
            {
                BackwardJob<T> job = new(Gate.Pointer, Up.Pointer, dy, dGate, addGate, dUp, addUp);
                tape.Workers.For(Output.Count, Unary.Grain, ref job);
            }
        }
    }
}

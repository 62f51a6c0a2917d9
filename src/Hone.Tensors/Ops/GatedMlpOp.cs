using System.Numerics.Tensors;
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
            Activation.Silu => Apply(tape, gate, up, default(Silu)),
            Activation.GeluErf => Apply(tape, gate, up, default(GeluErf)),
            Activation.GeluTanh => Apply(tape, gate, up, default(GeluTanh)),
            Activation.Relu => Apply(tape, gate, up, default(Relu)),
            Activation.ReluSquared => Apply(tape, gate, up, default(ReluSquared)),
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "not an activation"),
        };
    }

    private static Tensor Apply<T>(Tape tape, Tensor gate, Tensor up, T function) where T : struct, IUnary
    {
        Tensor y = tape.New(gate.Shape, tape.Needs(gate, up));
        ForwardJob<T> job = new(function, gate.Pointer, up.Pointer, y.Pointer);
        tape.Workers.For(y.Count, Unary.Grain, ref job);
        if (y.RequiresGrad) tape.Record(new Node<T> { Output = y, Gate = gate, Up = up, Function = function });
        return y;
    }

    private readonly struct ForwardJob<T>(T function, float* gate, float* up, float* y) : IRangeJob where T : struct, IUnary
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i += Unary.Block)
            {
                int n = Math.Min(Unary.Block, end - i);
                Span<float> result = new(y + i, n);
                function.Forward(new(gate + i, n), result);
                TensorPrimitives.Multiply(result, new ReadOnlySpan<float>(up + i, n), result);
            }
        }
    }

    // The activation is computed again: that is cheaper than keeping another [N, F] for the way back.
    private readonly struct BackwardJob<T>(T function, float* gate, float* up, float* dy, float* dGate, bool addGate, float* dUp, bool addUp)
        : IRangeJob where T : struct, IUnary
    {
        public void Run(int worker, int start, int end)
        {
            Span<float> memory = stackalloc float[3 * Unary.Block];
            for (int i = start; i < end; i += Unary.Block)
            {
                int n = Math.Min(Unary.Block, end - i);
                Span<float> active = memory[..n], upstream = memory.Slice(Unary.Block, n), part = memory.Slice(2 * Unary.Block, n);
                ReadOnlySpan<float> dOut = new(dy + i, n);
                function.Forward(new(gate + i, n), active);
                if (dGate != null) // first, in the order of BeginGrad: both may be the same tensor
                {
                    Span<float> target = new(dGate + i, n);
                    Span<float> result = addGate ? part : target;
                    TensorPrimitives.Multiply(dOut, new ReadOnlySpan<float>(up + i, n), upstream);
                    function.Backward(new(gate + i, n), active, upstream, result);
                    if (addGate) TensorPrimitives.Add(target, result, target);
                }
                if (dUp != null)
                {
                    Span<float> target = new(dUp + i, n);
                    if (addUp) TensorPrimitives.MultiplyAdd(active, dOut, target, target);
                    else TensorPrimitives.Multiply(active, dOut, target);
                }
            }
        }
    }

    private sealed class Node<T> : BackwardNode where T : struct, IUnary
    {
        public required Tensor Gate { get; init; }

        public required Tensor Up { get; init; }

        public required T Function { get; init; }

        public override void Backward(Tape tape)
        {
            float* dGate = null, dUp = null;
            bool addGate = Gate.RequiresGrad && Gate.BeginGrad(out dGate);
            bool addUp = Up.RequiresGrad && Up.BeginGrad(out dUp);
            fixed (float* dy = Output.Grad)
            {
                BackwardJob<T> job = new(Function, Gate.Pointer, Up.Pointer, dy, dGate, addGate, dUp, addUp);
                tape.Workers.For(Output.Count, Unary.Grain, ref job);
            }
        }
    }
}

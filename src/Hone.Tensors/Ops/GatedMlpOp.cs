using System.Numerics;
using System.Runtime.CompilerServices;
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

    private static Tensor Apply<T>(Tape tape, Tensor gate, Tensor up) where T : struct, ILaneFunction
    {
        Tensor y = tape.New(gate.Shape, tape.Needs(gate, up));
        ForwardJob<T> job = new(gate.Pointer, up.Pointer, y.Pointer);
        tape.Workers.For(y.Count, Unary.Grain, ref job);
        if (y.RequiresGrad) tape.Record(new Node<T> { Output = y, Gate = gate, Up = up });
        return y;
    }

    private readonly struct ForwardJob<T>(float* gate, float* up, float* y) : IRangeJob where T : struct, ILaneFunction
    {
        public void Run(int worker, int start, int end)
        {
            int i = start;
            for (; i <= end - Vector<float>.Count; i += Vector<float>.Count) (T.Value(Vector.Load(gate + i)) * Vector.Load(up + i)).Store(y + i);
            if (i < end) Lanes.Store(T.Value(Partial(gate, i, end)) * Partial(up, i, end), new(y + i, end - i));
        }
    }

    private static Vector<float> Partial(float* values, int start, int end) => Lanes.Partial(new ReadOnlySpan<float>(values + start, end - start));

    // The activation is computed again: that is cheaper than keeping another [N, F] for the way back.
    private readonly struct BackwardJob<T>(float* gate, float* up, float* dy, float* dGate, bool addGate, float* dUp, bool addUp)
        : IRangeJob where T : struct, ILaneFunction
    {
        public void Run(int worker, int start, int end)
        {
            int i = start;
            for (; i <= end - Vector<float>.Count; i += Vector<float>.Count)
            {
                Slopes(Vector.Load(gate + i), Vector.Load(up + i), Vector.Load(dy + i), out Vector<float> gateSlope, out Vector<float> upSlope);
                // The gate first, in the order of BeginGrad: both may be the same tensor.
                if (dGate != null) (addGate ? Vector.Load(dGate + i) + gateSlope : gateSlope).Store(dGate + i);
                if (dUp != null) (addUp ? Vector.Load(dUp + i) + upSlope : upSlope).Store(dUp + i);
            }
            if (i == end) return;
            Slopes(Partial(gate, i, end), Partial(up, i, end), Partial(dy, i, end), out Vector<float> lastGate, out Vector<float> lastUp);
            if (dGate != null) Lanes.Store(addGate ? Partial(dGate, i, end) + lastGate : lastGate, new(dGate + i, end - i));
            if (dUp != null) Lanes.Store(addUp ? Partial(dUp, i, end) + lastUp : lastUp, new(dUp + i, end - i));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Slopes(Vector<float> gate, Vector<float> up, Vector<float> dy, out Vector<float> gateSlope, out Vector<float> upSlope)
        {
            T.ValueAndSlope(gate, out Vector<float> value, out Vector<float> slope);
            gateSlope = dy * up * slope;
            upSlope = dy * value;
        }
    }

    private sealed class Node<T> : BackwardNode where T : struct, ILaneFunction
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
